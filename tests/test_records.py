import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rag.answers import Answer, AnswerStatus
from rag.errors import RecordError
from rag.records import Feedback, Records

ANSWER = Answer("a1", "làm mức 2 ở đâu", AnswerStatus.ANSWERED, "Ở Công an xã.", guide_ids=("vneid-dang-ky-muc-2",))


def use(records):
    """Store an answer and change one's mind about it."""
    records.save_answer(ANSWER)
    records.save_feedback(Feedback("a1", True))
    records.save_feedback(Feedback("a1", False, ("Thiếu lệ phí",), "gọi tôi số 0900000000"))
    expected = Feedback("a1", False, ("Thiếu lệ phí",), "gọi tôi số [số điện thoại]")
    assert records.feedback() == [("làm mức 2 ở đâu", expected)]
    with pytest.raises(RecordError, match="no answer"):
        records.save_feedback(Feedback("unknown", True))


def test_feedback_is_masked_and_the_last_one_counts(tmp_path):
    records = Records.open(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    use(records)
    records.close()
    again = Records.open(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    assert len(again.feedback()) == 1
    again.close()


def test_an_answer_that_cannot_be_stored_is_a_record_error(tmp_path):
    records = Records.open(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    records.save_answer(ANSWER)
    with pytest.raises(RecordError, match="cannot be stored"):
        records.save_answer(ANSWER)
    records.close()


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite:////proc/nowhere/records.sqlite3", "postgresql+psycopg://u:secret@127.0.0.1:9/x"]
)
def test_a_database_that_cannot_be_used_is_one_line_without_its_password(url):
    with pytest.raises(RecordError) as caught:
        Records.open(url)
    assert "BINHDAN_DATABASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.fixture
def postgres(tmp_path):
    """A PostgreSQL server of this test's own, on a socket in its folder."""
    found = [shutil.which("initdb"), *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")))]
    if not any(found):
        pytest.skip("PostgreSQL is missing: apt-get install postgresql")
    binaries = Path(next(filter(None, found))).resolve().parent
    data = tmp_path / "data"
    # The server refuses to run as root; Debian's package comes with a user for it.
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents[:3]:
        parent.chmod(0o755)
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def run(name, *args):
        subprocess.run([*as_user, binaries / name, *args], check=True, capture_output=True, cwd=tmp_path)

    run("initdb", "-D", data, "-A", "trust", "-U", "postgres")
    options = f"-k {tmp_path} -c listen_addresses='' -c fsync=off"
    run("pg_ctl", "-D", data, "-w", "-l", tmp_path / "log", "-o", options, "start")
    yield f"postgresql+psycopg://postgres@/postgres?host={tmp_path}"
    run("pg_ctl", "-D", data, "-m", "immediate", "stop")


@pytest.mark.postgres
def test_the_same_records_work_in_postgresql(postgres):
    records = Records.open(postgres)
    use(records)
    records.close()
