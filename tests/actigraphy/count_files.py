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
    "it": ("File di esportazione Actiware", "Dati periodo per periodo", "Linea", "Data", "Ora",
           "Attività", "Indicatore", "Stato fuori polso", "Stato intervallo", "ATTIVO", "ESCLUSO",
           "NaN"),
    "es": ("Archivo de exportación de Actiware", "Datos época por época", "Línea", "Fecha", "Hora",
           "Actividad", "Marcador", "Estado fuera de la muñeca", "Estado del intervalo", "ACTIVO",
           "EXCLUIDO", "NaN"),
    "pt": ("Arquivo de exportação do Actiware", "Dados época por época", "Linha", "Data", "Hora",
           "Atividade", "Marcador", "Status fora do pulso", "Status do intervalo", "ATIVO",
           "EXCLUÍDO", "NaN"),
    "nl": ("Actiware-exportbestand", "Gegevens per epoch", "Regel", "Datum", "Tijd", "Activiteit",
           "Markering", "Status pols af", "Intervalstatus", "ACTIEF", "UITGESLOTEN", "NaN"),
    "sv": ("Actiware exportfil", "Data epok för epok", "Rad", "Datum", "Tid", "Aktivitet", "Markör",
           "Status av handled", "Intervallstatus", "AKTIV", "UTESLUTEN", "NaN"),
    "da": ("Actiware eksportfil", "Data epoke for epoke", "Linje", "Dato", "Tid", "Aktivitet",
           "Markør", "Status ikke på håndled", "Intervalstatus", "AKTIV", "UDELADT", "NaN"),
    "no": ("Actiware eksportfil", "Data epoke for epoke", "Linje", "Dato", "Klokkeslett",
           "Aktivitet", "Markør", "Status av håndledd", "Intervallstatus", "AKTIV", "UTELATT",
           "NaN"),
    "fi": ("Actiware vientitiedosto", "Tiedot", "Rivi", "Päivämäärä", "Aika", "Aktiivisuus",
           "Merkki", "Ranne irti", "Jakson tila", "AKTIIVINEN", "POISSULJETTU", "NaN"),
    "pl": ("Plik eksportu Actiware", "Dane", "Wiersz", "Data", "Czas", "Aktywność", "Znacznik",
           "Status poza nadgarstkiem", "Status interwału", "AKTYWNY", "WYKLUCZONY", "NaN"),
}  # fmt: skip
DATES = {
    **dict.fromkeys(WORDS, "%d/%m/%Y"), "en-US": "%m/%d/%Y", "de": "%d.%m.%Y", "no": "%d.%m.%Y",
    "fi": "%d.%m.%Y", "nl": "%d-%m-%Y", "da": "%d-%m-%Y", "sv": "%Y-%m-%d", "pl": "%Y-%m-%d",
}  # fmt: skip
TIMES = {"en-US": "%I:%M:%S %p", "it": "%H.%M.%S", "da": "%H.%M.%S", "fi": "%H.%M.%S"}


def actiware(path, counts, language="en", *, epoch_s=30, start=START, off_wrist=(), excluded=(),
             markers=(), delimiter=",", encoding="utf-8-sig", missing=(), end=None):  # fmt: skip
    """An export of Actiware: properties, statistics, markers, then a row an epoch."""
    (title, section, line, date, time, activity, marker, off, interval, active, out,
     nan) = WORDS[language.partition("-")[0]]  # fmt: skip
    lines = [[f"{title} (Version 06.00)"], [], ["Actiwatch"], [], [f"--- {section} ---"], [],
             [f"{line}:", line], [f"{date}:", date], [f"{time}:", time], []]  # fmt: skip
    if end is not None:  # a date of the properties, in the dates of the language
        lines[4:4] = [["Data Collection End Date:", end.strftime(DATES[language])]]
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


def mtn(path, counts, *, epoch_s=60, start=START):
    """The XML of MotionWare, with its log of changes."""
    data = ",\n".join(map(str, counts))
    changes = [
        "<property><name>+UserID</name><content>S1</content></property>",
        "<property><name>=Device</name><content>MW8</content></property>",
        f"<property><name>=StartTime</name><content>{start}</content></property>",
        f"<channel><name>motion</name><units>Counts</units><epoch>{epoch_s}</epoch>"
        f"<offset>0</offset><data encoding='text'>{data}</data></channel>",
        "<channel><name>Light</name><epoch>60</epoch><data>1,2</data></channel>",
    ]
    log = "".join(f"<change user='x'>{change}</change>" for change in changes)
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><motionfile><log2>{log}</log2></motionfile>',
        "utf-8",
    )
    return path


def agd(path, counts, *, epoch_s=60, start=START, settings=None, skip=(), axes=3):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE settings (settingID INTEGER, settingName, settingValue)")
    columns = ", ".join(f"axis{axis} REAL" for axis in range(1, axes + 1))
    connection.execute(
        f"CREATE TABLE data (dataTimestamp INTEGER, {columns}, steps REAL, lux REAL, "
        "inclineOff REAL, inclineStanding REAL, inclineSitting REAL, inclineLying REAL)"
    )
    connection.execute("CREATE TABLE sleep (sleepID INTEGER, inBedTimestamp INTEGER)")
    connection.execute("CREATE TABLE filters (filterID INTEGER, filterStartTimestamp INTEGER)")
    connection.execute("CREATE TABLE wtvBouts (startTicks INTEGER, isWearTime INTEGER)")
    for name, value in (settings or {"epochlength": str(epoch_s)}).items():
        connection.execute("INSERT INTO settings VALUES (1, ?, ?)", (name, value))
    for k, (moment, count) in enumerate(
        zip(times(len(counts), epoch_s, start), counts, strict=True)
    ):
        ticks = (moment - dt.datetime(1, 1, 1)) // dt.timedelta(microseconds=1) * 10
        if k not in skip:
            others = (*(1, 0)[: axes - 1], 3, 0, 0, 0, 0, 10)
            places = ", ".join("?" * (2 + len(others)))
            connection.execute(f"INSERT INTO data VALUES ({places})", (ticks, count, *others))  # noqa: S608
    connection.commit()
    connection.close()
    return path
