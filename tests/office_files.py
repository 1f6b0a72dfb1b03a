"""Word files for tests, written part by part: what Word saves, without Word."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

WORD_NS = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE_NS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_MAIN = f"{_WORD}.document.main+xml"


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str, style: str = "", list: tuple[int, int] | None = None, properties: str = "") -> str:
    """A paragraph of runs (a bare text is a run); `list` is (number of the list, level)."""
    inner = f'<w:pStyle w:val="{style}"/>' if style else ""
    if list:
        inner += f'<w:numPr><w:ilvl w:val="{list[1]}"/><w:numId w:val="{list[0]}"/></w:numPr>'
    written = "".join(text if text.startswith("<") else run(text) for text in runs)
    return f"<w:p><w:pPr>{inner}{properties}</w:pPr>{written}</w:p>"


def cell(*content: str, properties: str = "") -> str:
    inner = "".join(text if text.startswith("<") else paragraph(text) for text in content)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(c if c.startswith('<') else cell(c) for c in cells)}</w:tr>"


def table(*rows: str, drawn: bool = True) -> str:
    borders = '<w:tblBorders><w:top w:val="single"/><w:insideV w:val="single"/></w:tblBorders>' if drawn else ""
    return f"<w:tbl><w:tblPr>{borders}</w:tblPr><w:tblGrid/>{''.join(rows)}</w:tbl>"


def level(at: int, format: str, text: str, extra: str = "", start: int = 1) -> str:
    return f'<w:lvl w:ilvl="{at}"><w:start w:val="{start}"/><w:numFmt w:val="{format}"/>{extra}<w:lvlText w:val="{text}"/></w:lvl>'


def abstract(id: int, *levels: str) -> str:
    return f'<w:abstractNum w:abstractNumId="{id}">{"".join(levels)}</w:abstractNum>'


def listed(id: int, abstract_id: int, overrides: str = "") -> str:
    return f'<w:num w:numId="{id}"><w:abstractNumId w:val="{abstract_id}"/>{overrides}</w:num>'


def write_docx(
    path: Path,
    *body: str,
    styles: str = "",
    numbering: str = "",
    footnotes: str = "",
    endnotes: str = "",
    core: str = "",
    main_type: str = _MAIN,
    relations: str = "",
) -> Path:
    """Write a DOCX file of these parts' inner XML and return its path."""
    parts = {"styles": styles, "numbering": numbering, "footnotes": footnotes, "endnotes": endnotes}
    parts = {name: f"<w:{name} {WORD_NS}>{inner}</w:{name}>" for name, inner in parts.items() if inner}
    links = "".join(f'<Relationship Id="{name}" Type="{OFFICE_NS}/{name}" Target="{name}.xml"/>' for name in parts)
    types = "".join(f'<Override PartName="/word/{name}.xml" ContentType="{_WORD}.{name}+xml"/>' for name in parts)
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package'
            f'.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override '
            f'PartName="/word/document.xml" ContentType="{main_type}"/>{types}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{OFFICE_NS}/officeDocument" '
            f'Target="word/document.xml"/><Relationship Id="r2" Type="{_RELATIONS}/metadata/core-properties" '
            f'Target="docProps/core.xml"/></Relationships>',
        )
        archive.writestr(
            "word/_rels/document.xml.rels", f'<Relationships xmlns="{_RELATIONS}">{links}{relations}</Relationships>'
        )
        archive.writestr("word/document.xml", f"<w:document {WORD_NS}><w:body>{''.join(body)}</w:body></w:document>")
        for name, inner in parts.items():
            archive.writestr(f"word/{name}.xml", inner)
        if core:
            archive.writestr(
                "docProps/core.xml",
                '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
                'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
                f"{core}</cp:coreProperties>",
            )
    return path
