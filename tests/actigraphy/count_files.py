"""Files of activity counts as watches and their programs write them, for tests."""

import datetime as dt
import sqlite3

START = dt.datetime(2024, 3, 4, 12, 0)


def times(n, epoch_s=60, start=START):
    return [start + k * dt.timedelta(seconds=epoch_s) for k in range(n)]


def table(path, counts, *, epoch_s=60, start=START, header="time,counts", delimiter=","):
    rows = [
        f"{time.isoformat()}{delimiter}{count}"
        for time, count in zip(times(len(counts), epoch_s, start), counts, strict=True)
    ]
    path.write_text("\n".join([header.replace(",", delimiter), *rows]) + "\n", "utf-8")
    return path


WORDS = {
    "en": ("Actiware Export File", "Epoch-by-Epoch Data", "Line", "Date", "Time", "Activity",
           "Marker", "Off-Wrist Status", "Interval Status", "ACTIVE", "EXCLUDED", "NaN"),
    "fr": ("Fichier d'exportation Actiware", "Données période par période", "Ligne", "Date",
           "Heure", "Activité", "Marqueur", "Statut hors poignet", "Statut de l’intervalle",
           "ACTIF", "EXCLU", "NAN"),
    "de": ("Actiware-Exportdatei", "Daten nach Epochen", "Zeile", "Datum", "Zeit", "Aktivität",
           "Markierung", "Status „Nicht am Handgelenk“", "Intervallstatus", "AKTIV",
           "AUSGESCHLOSSEN", "kZ"),
}  # fmt: skip
DATES = {"en": "%d/%m/%Y", "en-US": "%m/%d/%Y", "fr": "%d/%m/%Y", "de": "%d.%m.%Y"}
TIMES = {"en-US": "%I:%M:%S %p"}


def actiware(path, counts, language="en", *, epoch_s=30, start=START, off_wrist=(), excluded=(),
             markers=(), delimiter=",", encoding="utf-8-sig", missing=()):  # fmt: skip
    """An export of Actiware: properties, statistics, markers, then a row an epoch."""
    (title, section, line, date, time, activity, marker, off, interval, active, out,
     nan) = WORDS[language.partition("-")[0]]  # fmt: skip
    lines = [[f"{title} (Version 06.00)"], [], ["Actiwatch"], [], [f"--- {section} ---"], [],
             [f"{line}:", line], [f"{date}:", date], [f"{time}:", time], []]  # fmt: skip
    lines.append([line, date, time, off, activity, marker, interval, ""])
    lines.append([])
    for k, moment in enumerate(times(len(counts), epoch_s, start)):
        lines.append([
            str(k + 1), moment.strftime(DATES[language]),
            moment.strftime(TIMES.get(language, "%H:%M:%S")), str(int(k in off_wrist)),
            nan if k in missing else str(counts[k]), str(int(k in markers)),
            out if k in excluded else active, "",
        ])  # fmt: skip
    text = "\r\n".join(delimiter.join(f'"{cell}"' if cell else "" for cell in row) for row in lines)
    path.write_bytes(text.encode(encoding))
    return path


def awd(path, counts, *, code="4", date="04-Mar-2024", time="12:00", markers=()):
    rows = [f"{count}{' M' if k in markers else ''}" for k, count in enumerate(counts)]
    head = ["S01", date, time, f" {code} ", "00", "V123456", "F"]
    path.write_bytes(("\r\n".join([*head, *rows]) + "\r\n").encode())
    return path


def agd(path, counts, *, epoch_s=60, start=START, settings=None, skip=()):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE settings (settingID INTEGER, settingName, settingValue)")
    connection.execute(
        "CREATE TABLE data (dataTimestamp INTEGER, axis1 REAL, axis2 REAL, axis3 REAL)"
    )
    for name, value in (settings or {"epochlength": str(epoch_s)}).items():
        connection.execute("INSERT INTO settings VALUES (1, ?, ?)", (name, value))
    for k, (moment, count) in enumerate(
        zip(times(len(counts), epoch_s, start), counts, strict=True)
    ):
        ticks = (moment - dt.datetime(1, 1, 1)) // dt.timedelta(microseconds=1) * 10
        if k not in skip:
            connection.execute("INSERT INTO data VALUES (?, ?, 1, 0)", (ticks, count))
    connection.commit()
    connection.close()
    return path
