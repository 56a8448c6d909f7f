#!/usr/bin/env python3
"""open_wearables_oracle.py - what an Open Wearables server holds in the end of an export that was forwarded to it.

  python3 open_wearables_oracle.py export.zip|export.xml --tz Europe/Berlin --out state.json
  python3 open_wearables_oracle.py export.xml --types HeartRate,SleepAnalysis,workout --since 2025-03-01 --out -
  python3 open_wearables_oracle.py export.xml --compare found.json     # exit status 1 on any difference

Read from Apple's XML and the pages of the protocol; it shares no code with Vitalog or with the fake server. The state
has the shape of expected-server-state.json, and `held` says how many records do not get there, by reason.

The rules beside those of the server:
- Types that the server drops, puts among others, or wants in a unit that nobody knows stay here.
- Of records of one source, series and instant the one that ends last is there; of several the largest value.
- Of sleep, a source's records within two hours of each other are a session. Of sessions of several sources that overlap
  the best is there: with stages before without, then the longest sleep, then by name, hardware and start. What ended
  less than three hours ago is not there yet.
- Offsets are those of HKTimeZone where a record has it, else of --tz at that moment.
"""
import argparse
import hashlib
import json
import re
import sys
import zipfile
from datetime import datetime, timezone
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

GAP_S = 7200
SETTLED_S = 3 * 3600
LONGEST_NAME = 64
FINEST = 1000

# Units: into the first of each line, by a factor; degrees Fahrenheit are apart.
UNITS = {
    "m": {"m": 1, "km": 1000, "cm": 0.01, "mm": 0.001, "mi": 1609.344, "ft": 0.3048, "in": 0.0254, "yd": 0.9144},
    "m/s": {"m/s": 1, "km/hr": 1 / 3.6, "mi/hr": 0.44704, "ft/s": 0.3048, "km/h": 1 / 3.6},
    "kcal": {"kcal": 1, "Cal": 1, "kJ": 1 / 4.184, "cal": 0.001, "J": 1 / 4184},
    "kg": {"kg": 1, "g": 0.001, "lb": 0.45359237, "oz": 0.028349523125, "st": 6.35029318},
    "min": {"min": 1, "hr": 60, "s": 1 / 60},
    "ms": {"ms": 1, "s": 1000},
    "s": {"s": 1, "min": 60, "hr": 3600},
    "count/min": {"count/min": 1, "count/s": 60, "bpm": 1},
    "mg/dL": {"mg/dL": 1, "mmol<180.1558800000541>/L": 18.015588, "mmol/L": 18.015588},
    "mmHg": {"mmHg": 1, "kPa": 7.500615},
    "%": {"%": 1}, "count": {"count": 1}, "W": {"W": 1}, "IU": {"IU": 1}, "L": {"L": 1, "mL": 0.001},
    "L/min": {"L/min": 1}, "dBASPL": {"dBASPL": 1}, "ml/kg/min": {"mL/min·kg": 1, "mL/kg·min": 1},
    "met": {"kcal/hr·kg": 1}, "score": {"appleEffortScore": 1}, "cm": {"cm": 1, "m": 100, "in": 2.54},
}
# Series of the server: kinds (Apple's identifiers without prefix), unit to convert into, factor of what is shown.
SERIES = """
    steps StepCount count 1; heart_rate HeartRate count/min 1; resting_heart_rate RestingHeartRate count/min 1;
    walking_heart_rate_average WalkingHeartRateAverage count/min 1; exercise_time AppleExerciseTime min 1;
    heart_rate_variability_sdnn HeartRateVariabilitySDNN ms 1; basal_energy BasalEnergyBurned kcal 1;
    energy ActiveEnergyBurned kcal 1; distance_walking_running DistanceWalkingRunning m 1;
    distance_cycling DistanceCycling m 1; walking_speed WalkingSpeed m/s 1; walking_step_length WalkingStepLength m 100;
    walking_asymmetry_percentage WalkingAsymmetryPercentage % 100;
    walking_double_support_percentage WalkingDoubleSupportPercentage % 100;
    six_minute_walk_test_distance SixMinuteWalkTestDistance m 1; weight BodyMass kg 1; height Height m 100;
    body_mass_index BodyMassIndex count 1; body_fat_percentage BodyFatPercentage % 100;
    lean_body_mass LeanBodyMass kg 1; waist_circumference WaistCircumference cm 1;
    body_temperature BodyTemperature degC 1; oxygen_saturation OxygenSaturation % 100;
    respiratory_rate RespiratoryRate count/min 1; blood_glucose BloodGlucose mg/dL 1;
    insulin_delivery InsulinDelivery IU 1; blood_pressure_systolic BloodPressureSystolic mmHg 1;
    blood_pressure_diastolic BloodPressureDiastolic mmHg 1; vo2_max VO2Max ml/kg/min 1;
    flights_climbed FlightsClimbed count 1; running_power RunningPower W 1;
    heart_rate_recovery_one_minute HeartRateRecoveryOneMinute count/min 1;
    running_vertical_oscillation RunningVerticalOscillation cm 1;
    running_ground_contact_time RunningGroundContactTime ms 1; power CyclingPower W 1;
    cadence CyclingCadence count/min 1;
    speed CyclingSpeed m/s 1; physical_effort PhysicalEffort met 1; workout_effort_score WorkoutEffortScore score 1;
    estimated_workout_effort_score EstimatedWorkoutEffortScore score 1;
    sleeping_breathing_disturbances AppleSleepingBreathingDisturbances count 1;
    forced_vital_capacity ForcedVitalCapacity L 1; forced_expiratory_volume_1 ForcedExpiratoryVolume1 L 1;
    peak_expiratory_flow_rate PeakExpiratoryFlowRate L/min 1; stand_time AppleStandTime min 1;
    distance_swimming DistanceSwimming m 1; distance_downhill_snow_sports DistanceDownhillSnowSports m 1;
    distance_other DistanceWheelchair m 1; distance_other DistanceCrossCountrySkiing m 1;
    distance_other DistancePaddleSports m 1; distance_other DistanceRowing m 1;
    distance_other DistanceSkatingSports m 1; walking_steadiness AppleWalkingSteadiness % 100;
    stair_descent_speed StairDescentSpeed m/s 1; stair_ascent_speed StairAscentSpeed m/s 1;
    running_speed RunningSpeed m/s 1; running_stride_length RunningStrideLength cm 1;
    swimming_stroke_count SwimmingStrokeCount count 1;
    environmental_audio_exposure EnvironmentalAudioExposure dBASPL 1;
    headphone_audio_exposure HeadphoneAudioExposure dBASPL 1;
    environmental_sound_reduction EnvironmentalSoundReduction dBASPL 1; time_in_daylight TimeInDaylight min 1;
    water_temperature WaterTemperature degC 1; number_of_times_fallen NumberOfTimesFallen count 1;
    inhaler_usage InhalerUsage count 1; number_of_alcoholic_beverages NumberOfAlcoholicBeverages count 1;
    uv_exposure UVExposure count 1; push_count PushCount count 1
"""
KINDS = {kind: (series, unit, float(factor)) for series, kind, unit, factor in
         (line.split() for line in SERIES.split(";"))}
ANOTHER_TYPE = set("""AppleMoveTime BasalBodyTemperature CyclingFunctionalThresholdPower UnderwaterDepth
    AppleSleepingWristTemperature CrossCountrySkiingSpeed PaddleSportsSpeed RowingSpeed NikeFuel""".split())
UNCLEAR = {"BloodAlcoholContent", "PeripheralPerfusionIndex", "ElectrodermalActivity", "AtrialFibrillationBurden"}
# What the server calls the activities of workouts; all others are `other`.
ACTIVITIES = {
    "running": "Running WheelchairRunPace TrackAndField", "walking": "Walking WheelchairWalkPace",
    "hiking": "Hiking", "cycling": "Cycling HandCycling", "swimming": "Swimming WaterFitness",
    "paddling": "PaddleSports", "rowing": "Rowing", "surfing": "SurfingSports", "water_polo": "WaterPolo",
    "water_sports": "WaterSports",
    "strength_training": "TraditionalStrengthTraining FunctionalStrengthTraining CoreTraining",
    "cardio_training": "CrossTraining MixedCardio HighIntensityIntervalTraining JumpRope MixedMetabolicCardioTraining",
    "stretching": "Flexibility Cooldown PreparationAndRecovery MindAndBody", "elliptical": "Elliptical",
    "stair_climbing": "StairClimbing Stairs", "aerobics": "StepTraining Barre", "gaming": "FitnessGaming",
    "pilates": "Pilates", "yoga": "Yoga", "martial_arts": "TaiChi MartialArts Wrestling",
    "dance": "Dance DanceInspiredTraining SocialDance CardioDance", "tennis": "Tennis",
    "table_tennis": "TableTennis", "badminton": "Badminton", "squash": "Squash", "racquetball": "Racquetball",
    "pickleball": "Pickleball", "soccer": "Soccer", "basketball": "Basketball", "baseball": "Baseball Softball",
    "american_football": "AmericanFootball", "football": "AustralianFootball", "rugby": "Rugby",
    "hockey": "Hockey", "lacrosse": "Lacrosse", "volleyball": "Volleyball", "handball": "Handball",
    "cricket": "Cricket", "disc_sports": "DiscSports", "boxing": "Boxing Kickboxing", "fencing": "Fencing",
    "snow_sports": "SnowSports", "cross_country_skiing": "CrossCountrySkiing",
    "alpine_skiing": "DownhillSkiing", "snowboarding": "Snowboarding", "ice_skating": "SkatingSports",
    "curling": "Curling", "golf": "Golf", "archery": "Archery", "fishing": "Fishing", "hunting": "Hunting",
    "rock_climbing": "Climbing", "horseback_riding": "EquestrianSports", "play": "Play", "bowling": "Bowling",
    "fitness_equipment": "Gymnastics", "sailing": "Sailing", "triathlon": "SwimBikeRun",
    "transition": "Transition", "diving": "UnderwaterDiving", "generic": "Other"
}
ACTIVITY = {name: word for word, names in ACTIVITIES.items() for name in names.split()}
STAGES = {"InBed": 0, "Asleep": 1, "AsleepUnspecified": 1, "Awake": 2, "AsleepCore": 3, "AsleepDeep": 4, "AsleepREM": 5}
WORDS = {0: "sleeping", 1: "sleeping", 2: "awake", 3: "light", 4: "deep", 5: "rem"}
SLEEP = "HKCategoryTypeIdentifierSleepAnalysis"
# Points that the server makes of a workout: key of the metadata, unit, series.
OF_WORKOUTS = (("HKAverageMETs", "met", "average_met"), ("HKWeatherTemperature", "degC", "weather_temperature"),
               ("HKWeatherHumidity", "%", "weather_humidity"))


def convert(value, unit, into):
    """a number in another unit; None where the unit is none that is known"""
    if into == "degC":
        return {"degC": value, "degF": (value - 32) / 1.8, "K": value - 273.15}.get(unit)
    factor = UNITS[into].get(unit)
    return None if factor is None else value * factor


def seconds(text):
    try:
        return datetime.strptime(text or "", "%Y-%m-%d %H:%M:%S %z").timestamp()
    except ValueError:
        return None


def shown(at):
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def thousandths(value):
    return int(abs(value) * 1000 + 0.5) / 1000 * (1 if value >= 0 else -1)


def short(name):
    """a name as it is sent: longer ones are cut, and told apart by a hash"""
    if len(name) <= LONGEST_NAME:
        return name
    return name[:LONGEST_NAME - 9] + "~" + hashlib.sha256(name.encode()).hexdigest()[:8]


class Oracle:
    def __init__(self, options):
        self.options = options
        self.home = ZoneInfo(options.tz)
        self.held = {}
        self.points = {}  # (model, name, series, at) -> (end, value, offset)
        self.stages = {}  # (model, name) -> {(start, awake, end, stage): offset}
        self.workouts = {}  # (model, name, start, end) -> (activity, row)
        self.made = []  # points of workouts: (start of the workout, key, value, offset)

    def hold(self, reason):
        self.held[reason] = self.held.get(reason, 0) + 1

    def wanted(self, kind, start):
        types, since = self.options.types, self.options.since
        return (types is None or kind in types) and (since is None or start >= since)

    def offset(self, at, name):
        try:
            zone = ZoneInfo(name) if name else self.home
        except (KeyError, ValueError, OSError):
            zone = self.home
        minutes = int(datetime.fromtimestamp(at, zone).utcoffset().total_seconds() / 60)
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"

    def source(self, node):
        device = node.get("device") or ""
        found = re.findall(r", hardware:(.*?)(?=, (?:software|firmware|localIdentifier|UDIDeviceIdentifier|"
                           r"creation date|model):|>|$)", device)
        return (found[-1] if found else None) or None, short(node.get("sourceName") or "")

    # ---- records ----

    def record(self, node, metadata):
        kind = node.get("type") or ""
        name = re.sub("^HK(Quantity|Category)TypeIdentifier", "", kind)
        start, end = seconds(node.get("startDate")), seconds(node.get("endDate"))
        if start is None or end is None or end < start or not self.wanted(name, start):
            return None
        if kind == SLEEP:
            return self.stage(node, start, end, metadata)
        if not kind.startswith("HKQuantity") or name not in KINDS | dict.fromkeys(ANOTHER_TYPE | UNCLEAR):
            return self.hold("not_stored")
        if name in ANOTHER_TYPE | UNCLEAR:
            return self.hold("another_type" if name in ANOTHER_TYPE else "unclear_unit")
        series, unit, factor = KINDS[name]
        try:
            value = convert(float(node.get("value") or ""), node.get("unit"), unit)
        except ValueError:
            value = None
        if value is None or value != value or abs(value) == float("inf"):
            return self.hold("no_value")
        if unit == "%" and value > 1:
            value /= 100  # some apps write 98 where Apple writes 0.98
        if thousandths(abs(value * factor)) >= 1e7:
            return self.hold("too_large")
        key = (*self.source(node), series, start)
        new = (end, value, thousandths(value * factor), self.offset(start, metadata.get("HKTimeZone")))
        old = self.points.get(key)
        if old:
            self.hold("same_instant")
        if old is None or new[:2] > old[:2]:
            self.points[key] = new

    def stage(self, node, start, end, metadata):
        stage = STAGES.get((node.get("value") or "").replace("HKCategoryValueSleepAnalysis", ""))
        if stage is None:
            return self.hold("unknown_stage")
        if end == start:
            return self.hold("no_length")
        known = self.stages.setdefault(self.source(node), {})
        key = (start, stage == 2, end, stage)
        if key in known:
            return self.hold("same_instant")
        known[key] = self.offset(start, metadata.get("HKTimeZone"))

    # ---- nights ----

    def sessions(self):
        found = []
        for source, stages in self.stages.items():
            session = []
            for key in sorted(stages):
                if session and key[0] - max(old[2] for old in session) > GAP_S:
                    found.append((source, session))
                    session = []
                if not session and key[3] == 2:
                    self.hold("awake_alone")
                else:
                    session.append(key)
            if session:
                found.append((source, session))
        return found

    def nights(self):
        def rank(one):
            (model, name), rows = one
            slept = sum(row[2] - row[0] for row in rows if row[3] not in (0, 2))
            return not any(row[3] > 2 for row in rows), -slept, name, model or "", rows[0][0]

        kept = []
        for source, rows in sorted(self.sessions(), key=rank):
            start, end = rows[0][0], max(row[2] for row in rows)
            if any(other != source and start < until and since < end for other, since, until, _ in kept):
                for _ in rows:
                    self.hold("another_source")
            else:
                kept.append((source, start, end, rows))
        nights = []
        for source, _, end, rows in kept:
            if end + SETTLED_S > self.options.now:
                for _ in rows:
                    self.hold("later")
            else:
                nights.append(self.night(source, rows))
        return sorted(nights, key=lambda night: (night["start_time"], night["source"]["source"]))

    def night(self, source, rows):
        """what the server shows of a session, found slice by slice: each belongs to who began first"""
        staged = any(row[3] > 2 for row in rows)
        best = [row for row in rows if row[3] >= 2] if staged else \
            [row for row in rows if row[3] != 0] if any(row[3] == 1 for row in rows) else rows
        edges = sorted({edge for row in best for edge in (row[0], row[2])})
        slices = []
        for since, until in zip(edges, edges[1:]):
            owner = next((row for row in best if row[0] <= since and row[2] >= until), None)
            if owner is None:
                continue
            if slices and slices[-1][0] is owner and slices[-1][2] == since:
                slices[-1][2] = until
            else:
                slices.append([owner, since, until])
        lasted = {}
        for owner, since, until in slices:
            lasted[WORDS[owner[3]]] = lasted.get(WORDS[owner[3]], 0) + until - since
        asleep = sum(length for word, length in lasted.items() if word != "awake")
        beds = sorted({edge for row in rows if row[3] == 0 for edge in (row[0], row[2])})
        in_bed = sum(until - since for since, until in zip(beds, beds[1:])
                     if any(row[3] == 0 and row[0] <= since and row[2] >= until for row in rows))
        whole = max(in_bed, asleep + lasted.get("awake", 0))
        minutes = {f"{word}_minutes": int(lasted.get(word, 0) // 60) for word in ("awake", "light", "deep", "rem")}
        start, end = slices[0][1], slices[-1][2]
        return {"start_time": shown(start), "end_time": shown(end), "zone_offset": self.stages[source][rows[0]],
                "source": {"source": source[1], "device": source[0]}, "duration_seconds": int(end - start),
                "sleep_duration_seconds": int(asleep // 60 * 60), "efficiency_percent": round(asleep / whole * 100, 2),
                "stages": minutes, "is_nap": False,
                "sleep_stage_intervals": [{"stage": WORDS[owner[3]], "start_time": shown(since),
                                           "end_time": shown(until)} for owner, since, until in slices]}

    # ---- workouts ----

    def workout(self, node, metadata):
        start, end = seconds(node.get("startDate")), seconds(node.get("endDate"))
        if start is None or end is None or end < start or not self.wanted("workout", start):
            return
        told = {}
        for one in node.iter("WorkoutStatistics"):
            kind = (one.get("type") or "").removeprefix("HKQuantityTypeIdentifier")
            told.setdefault(kind, one)

        def figure(kind, which, into):
            one = told.get(kind)
            text = None if one is None else one.get(which)
            return None if text is None else convert(float(text), one.get("unit"), into)

        def total(name, into, default):
            text = node.get(name)
            return None if text is None else convert(float(text), node.get(name + "Unit") or default, into)

        length = total("duration", "s", "min")
        far = total("totalDistance", "m", "m")
        if far is None:
            far = next((figure(kind, "sum", "m") for kind in told if kind.startswith("Distance")), None)
        active = figure("ActiveEnergyBurned", "sum", "kcal")
        active = total("totalEnergyBurned", "kcal", "kcal") if active is None else active
        basal = figure("BasalEnergyBurned", "sum", "kcal")
        energy = None if active is None and basal is None else (active or 0) + (basal or 0)
        average, highest = figure("HeartRate", "average", "count/min"), figure("HeartRate", "maximum", "count/min")
        up = quantity(metadata.get("HKElevationAscended"), "m")
        speeds = [quantity(metadata.get(key), "m/s") for key in ("HKAverageSpeed", "HKMaximumSpeed")]
        speeds.append(figure("RunningSpeed", "average", "m/s"))
        if any(value is not None and abs(value) >= 1000 for value in (average, *speeds)) or \
                any(value is not None and thousandths(abs(value)) >= 1e7 for value in (far, active, basal, up)):
            return self.hold("too_large")
        source, offset = self.source(node), self.offset(start, metadata.get("HKTimeZone"))
        activity = node.get("workoutActivityType") or ""
        row = {"type": ACTIVITY.get(activity.removeprefix("HKWorkoutActivityType"), "other"),
               "start_time": shown(start), "end_time": shown(end), "zone_offset": offset,
               "duration_seconds": int(end - start if length is None else length),
               "source": {"source": source[1], "device": source[0]}, "calories_kcal": figure_of(energy),
               "distance_meters": figure_of(far), "avg_heart_rate_bpm": None if average is None else round(average),
               "max_heart_rate_bpm": None if highest is None else round(highest),
               "elevation_gain_meters": figure_of(up)}
        key = (*source, start, end)
        old = self.workouts.get(key)
        if old:
            self.hold("same_workout")
        if old is None or activity < old[0]:
            points = [(series, quantity(metadata.get(name), unit)) for name, unit, series in OF_WORKOUTS]
            self.workouts[key] = (activity, row, [(series, value, offset) for series, value in points
                                                  if value is not None])

    # ---- all of it ----

    def state(self):
        nights = self.nights()
        points = {key: (value, offset) for key, (_, _, value, offset) in self.points.items()}
        workouts = []
        for (model, name, start, end), (_, row, made) in sorted(self.workouts.items(), key=lambda one: one[0][2]):
            for series, value, offset in made:
                points[(model, name, series, end)] = (thousandths(value), offset)
            workouts.append(((model, name), start, end, row))
        hearts = {}
        for (model, name, series, at), (value, _) in points.items():
            if series == "heart_rate":
                hearts.setdefault((model, name), []).append((at, value))
        for source, start, end, row in workouts:
            if row["avg_heart_rate_bpm"] is None:
                beats = [value for at, value in hearts.get(source, ()) if start <= at < end]
                row["avg_heart_rate_bpm"] = round(sum(beats) / len(beats)) if beats else None
        counts = {}
        rows = []
        for (model, name, series, at), (value, offset) in points.items():
            counts[series] = counts.get(series, 0) + 1
            rows.append([shown(at), offset, series, value, name or None, model])
        rows.sort(key=lambda row: [str(part) for part in row])
        return {"series_type_counts": dict(sorted(counts.items())), "total_data_points": len(rows),
                "total_workouts": len(workouts), "total_sleep_events": len(nights),
                "workouts": [row for _, _, _, row in workouts], "sleep": nights, "timeseries": rows,
                "held": dict(sorted(self.held.items()))}


def figure_of(value):
    """as it is read back: nothing for nothing"""
    return None if value is None else thousandths(value) or None


def quantity(text, into):
    """`64.4 degF` in a unit; of humidity 43 % stands as 4300 %"""
    number, _, unit = (text or "").rpartition(" ")
    try:
        value = convert(float(number), unit, into)
    except ValueError:
        return None
    return value / 100 if into == "%" and value is not None and value > 100 else value


def document(path):
    if not zipfile.is_zipfile(path):
        return open(path, "rb")
    archive = zipfile.ZipFile(path)
    sizes = {info.filename: info.file_size for info in archive.infolist()
             if info.filename.endswith(".xml") and not info.filename.endswith("_cda.xml")}
    return archive.open(max(sizes, key=sizes.get))


def read(oracle, stream):
    """walks through the document; what is done with is forgotten"""
    metadata = lambda node: {one.get("key"): one.get("value") or "" for one in node.findall("MetadataEntry")}
    depth = []
    for event, node in ElementTree.iterparse(stream, events=("start", "end")):
        if event == "start":
            depth.append(node)
            continue
        depth.pop()
        if node.tag == "Record":
            oracle.record(node, metadata(node))
        elif node.tag == "Workout":
            oracle.workout(node, metadata(node))
        if len(depth) == 1:
            depth[0].clear()


# ---- comparing with what a server holds ----

def comparable(state, has_zones):
    """the parts of a server's state that the oracle tells, in one order"""
    zone = lambda offset: offset if has_zones else None
    narrow = lambda source: {key: source[key] for key in ("source", "device")}
    events = lambda rows, keys: sorted(
        ({**{key: row[key] for key in keys}, "source": narrow(row["source"]), "zone_offset": zone(row["zone_offset"])}
         for row in rows), key=lambda row: json.dumps([row["start_time"], row["source"]], sort_keys=True))
    points = {}
    for row in state["timeseries"]:
        at, offset, series, value = row[:4]
        name, model = row[5:7] if len(row) == 8 else row[4:6]
        points[(at, series, name, model)] = (value, zone(offset))
    return points, events(state["workouts"], WORKOUT_KEYS), events(state["sleep"], NIGHT_KEYS)


WORKOUT_KEYS = ("type", "start_time", "end_time", "duration_seconds", "calories_kcal", "distance_meters",
                "avg_heart_rate_bpm", "max_heart_rate_bpm", "elevation_gain_meters")
NIGHT_KEYS = ("start_time", "end_time", "duration_seconds", "sleep_duration_seconds", "efficiency_percent", "stages",
              "sleep_stage_intervals", "is_nap")


def near(a, b):
    """equal, numbers but for the last of three digits: which way a half goes depends on the unit"""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) <= 1.0001 / FINEST + 1e-9 * abs(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(near(a[key], b[key]) for key in a)
    return a == b


def differences(expected, found, has_zones=True):
    """what is not as it should be, in words"""
    wrong = []
    (points, workouts, nights), (got, got_workouts, got_nights) = (
        comparable(state, has_zones) for state in (expected, found))
    for key in sorted(points.keys() | got.keys(), key=str):
        if key not in got or key not in points:
            wrong.append(f"{'lost' if key in points else 'too much'}: {key} {points.get(key) or got.get(key)}")
        elif not (near(points[key][0], got[key][0]) and points[key][1] == got[key][1]):
            wrong.append(f"other: {key} {got[key]}, expected {points[key]}")
    for what, right, left in (("workouts", workouts, got_workouts), ("nights", nights, got_nights)):
        if len(right) != len(left):
            wrong.append(f"{len(left)} {what}, expected {len(right)}")
        wrong += [f"{what}: {b}\n  expected {a}" for a, b in zip(right, left) if not near(a, b)]
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export")
    parser.add_argument("--tz", default="UTC")
    parser.add_argument("--types", help="short names, with commas; `workout` for workouts; all where it is missing")
    parser.add_argument("--since", help="a day, or an instant in UTC: what starts before is not sent")
    parser.add_argument("--now", help="an instant in UTC; of nights that ended in the last three hours none is there")
    parser.add_argument("--out", default=None)
    parser.add_argument("--compare", help="a state as the fake tells it, of one user")
    parser.add_argument("--any-zone", action="store_true", help="offsets are not compared")
    options = parser.parse_args()
    instant = lambda text: datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()
    options.types = set(options.types.split(",")) if options.types else None
    options.since = instant(options.since) if options.since else None
    options.now = instant(options.now) if options.now else datetime.now(timezone.utc).timestamp()
    oracle = Oracle(options)
    with document(options.export) as stream:
        read(oracle, stream)
    state = oracle.state()
    if options.out:
        out = sys.stdout if options.out == "-" else open(options.out, "w", encoding="utf-8")
        json.dump(state, out, ensure_ascii=False)
    if options.compare:
        with open(options.compare, encoding="utf-8") as file:
            found = json.load(file)
        users = found.get("users")
        wrong = differences(state, users[0]["state"] if users else found, not options.any_zone)
        print("\n".join(wrong[:40]))
        print(f"{len(state['timeseries'])} points, {state['total_workouts']} workouts, "
              f"{state['total_sleep_events']} nights, held {state['held']}: {len(wrong)} differences")
        sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
