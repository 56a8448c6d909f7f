"""open_wearables_world.py - what an Open Wearables server keeps of what it is sent; the inside of the fake.

Written from a protocol of what a real server (0.6.3, commit 44a268be) answered and stored, not from Vitalog's code:
which items it drops one by one, what makes it lose a whole batch, what its keys are, how it makes nights of stages. No
HTTP and no tokens here. Standard library only.
"""
import json
import re
import sqlite3
import threading
import uuid
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from xml.etree import ElementTree

# HealthKit identifier without HKQuantityTypeIdentifier -> series; all others vanish silently.
APPLE = {
    "StepCount": "steps", "HeartRate": "heart_rate", "RestingHeartRate": "resting_heart_rate",
    "WalkingHeartRateAverage": "walking_heart_rate_average", "AppleExerciseTime": "exercise_time",
    "HeartRateVariabilitySDNN": "heart_rate_variability_sdnn", "BasalEnergyBurned": "basal_energy",
    "ActiveEnergyBurned": "energy", "DistanceWalkingRunning": "distance_walking_running",
    "DistanceCycling": "distance_cycling", "WalkingSpeed": "walking_speed",
    "WalkingStepLength": "walking_step_length", "WalkingAsymmetryPercentage": "walking_asymmetry_percentage",
    "WalkingDoubleSupportPercentage": "walking_double_support_percentage",
    "SixMinuteWalkTestDistance": "six_minute_walk_test_distance", "BodyMass": "weight", "Height": "height",
    "BodyMassIndex": "body_mass_index", "BodyFatPercentage": "body_fat_percentage",
    "LeanBodyMass": "lean_body_mass", "WaistCircumference": "waist_circumference",
    "BodyTemperature": "body_temperature", "OxygenSaturation": "oxygen_saturation",
    "RespiratoryRate": "respiratory_rate", "BloodGlucose": "blood_glucose",
    "InsulinDelivery": "insulin_delivery", "BloodPressureSystolic": "blood_pressure_systolic",
    "BloodPressureDiastolic": "blood_pressure_diastolic", "VO2Max": "vo2_max",
    "FlightsClimbed": "flights_climbed", "RunningPower": "running_power",
    "HeartRateRecoveryOneMinute": "heart_rate_recovery_one_minute",
    "RunningVerticalOscillation": "running_vertical_oscillation",
    "RunningGroundContactTime": "running_ground_contact_time", "CyclingPower": "power",
    "CyclingFunctionalThresholdPower": "power", "CyclingCadence": "cadence", "CyclingSpeed": "speed",
    "PhysicalEffort": "physical_effort", "WorkoutEffortScore": "workout_effort_score",
    "EstimatedWorkoutEffortScore": "estimated_workout_effort_score",
    "AppleSleepingBreathingDisturbances": "sleeping_breathing_disturbances",
    "BasalBodyTemperature": "body_temperature", "BloodAlcoholContent": "blood_alcohol_content",
    "PeripheralPerfusionIndex": "peripheral_perfusion_index", "ForcedVitalCapacity": "forced_vital_capacity",
    "ForcedExpiratoryVolume1": "forced_expiratory_volume_1",
    "PeakExpiratoryFlowRate": "peak_expiratory_flow_rate", "AppleStandTime": "stand_time",
    "AppleMoveTime": "exercise_time", "DistanceSwimming": "distance_swimming",
    "DistanceDownhillSnowSports": "distance_downhill_snow_sports", "DistanceWheelchair": "distance_other",
    "DistanceCrossCountrySkiing": "distance_other", "DistancePaddleSports": "distance_other",
    "DistanceRowing": "distance_other", "DistanceSkatingSports": "distance_other",
    "AppleWalkingSteadiness": "walking_steadiness", "StairDescentSpeed": "stair_descent_speed",
    "StairAscentSpeed": "stair_ascent_speed", "RunningSpeed": "running_speed",
    "RunningStrideLength": "running_stride_length", "SwimmingStrokeCount": "swimming_stroke_count",
    "EnvironmentalAudioExposure": "environmental_audio_exposure",
    "HeadphoneAudioExposure": "headphone_audio_exposure",
    "EnvironmentalSoundReduction": "environmental_sound_reduction", "TimeInDaylight": "time_in_daylight",
    "WaterTemperature": "water_temperature", "UnderwaterDepth": "distance_other",
    "NumberOfTimesFallen": "number_of_times_fallen", "InhalerUsage": "inhaler_usage",
    "NumberOfAlcoholicBeverages": "number_of_alcoholic_beverages",
    "ElectrodermalActivity": "electrodermal_activity", "UVExposure": "uv_exposure", "PushCount": "push_count",
    "AppleSleepingWristTemperature": "body_temperature",
    "AtrialFibrillationBurden": "atrial_fibrillation_burden", "CrossCountrySkiingSpeed": "distance_other",
    "PaddleSportsSpeed": "distance_other", "RowingSpeed": "distance_other", "NikeFuel": "distance_other"
}
# Names of Android apps; the server takes them whoever sends.
ANDROID = {
    "HEART_RATE": "heart_rate", "RESTING_HEART_RATE": "resting_heart_rate",
    "HEART_RATE_VARIABILITY": "heart_rate_variability_rmssd", "OXYGEN_SATURATION": "oxygen_saturation",
    "BLOOD_GLUCOSE": "blood_glucose", "BLOOD_PRESSURE_SYSTOLIC": "blood_pressure_systolic",
    "BLOOD_PRESSURE_DIASTOLIC": "blood_pressure_diastolic", "RESPIRATORY_RATE": "respiratory_rate",
    "HEIGHT": "height", "WEIGHT": "weight", "BODY_FAT": "body_fat_percentage", "BODY_FAT_MASS": "body_fat_mass",
    "BMI": "body_mass_index", "LEAN_BODY_MASS": "lean_body_mass",
    "SKELETAL_MUSCLE_MASS": "skeletal_muscle_mass", "BODY_TEMPERATURE": "body_temperature",
    "VO2_MAX": "vo2_max", "STEP_COUNT": "steps", "ACTIVE_CALORIES_BURNED": "energy",
    "BASAL_METABOLIC_RATE": "basal_energy", "FLOORS_CLIMBED": "flights_climbed",
    "DISTANCE": "distance_walking_running", "POWER": "power", "SPEED": "speed",
    "CYCLING_PEDALING_CADENCE": "cadence", "TOTAL_CALORIES_BURNED": "energy", "HYDRATION": "hydration"
}
# Series -> number, unit, whether a day of it is a sum.
SERIES = {
    "heart_rate": (1, "bpm", False), "resting_heart_rate": (2, "bpm", False),
    "heart_rate_variability_sdnn": (3, "ms", False), "heart_rate_recovery_one_minute": (4, "bpm", False),
    "walking_heart_rate_average": (5, "bpm", False), "heart_rate_variability_rmssd": (7, "ms", False),
    "oxygen_saturation": (20, "percent", False), "blood_glucose": (21, "mg_dl", False),
    "blood_pressure_systolic": (22, "mmHg", False), "blood_pressure_diastolic": (23, "mmHg", False),
    "respiratory_rate": (24, "brpm", False), "sleeping_breathing_disturbances": (25, "count", True),
    "blood_alcohol_content": (26, "mg_dl", False), "peripheral_perfusion_index": (27, "score", False),
    "forced_vital_capacity": (28, "liters", False), "forced_expiratory_volume_1": (29, "liters", False),
    "peak_expiratory_flow_rate": (30, "L/min", False), "breathing_disturbance_index": (31, "score", False),
    "height": (40, "cm", False), "weight": (41, "kg", False), "body_fat_percentage": (42, "percent", False),
    "body_mass_index": (43, "kg_m2", False), "lean_body_mass": (44, "kg", False),
    "body_temperature": (45, "celsius", False), "skin_temperature": (46, "celsius", False),
    "waist_circumference": (47, "cm", False), "body_fat_mass": (48, "kg", False),
    "skeletal_muscle_mass": (49, "kg", False), "skin_temperature_deviation": (50, "celsius", False),
    "skin_temperature_trend_deviation": (51, "celsius", False), "vo2_max": (60, "ml_kg_min", False),
    "six_minute_walk_test_distance": (61, "meters", False), "cardiovascular_age": (62, "years", False),
    "steps": (80, "count", True), "energy": (81, "kcal", True), "basal_energy": (82, "kcal", True),
    "stand_time": (83, "minutes", True), "exercise_time": (84, "minutes", True),
    "physical_effort": (85, "score", False), "flights_climbed": (86, "count", True),
    "average_met": (87, "met", False), "active_time": (88, "minutes", True),
    "distance_walking_running": (100, "meters", True), "distance_cycling": (101, "meters", True),
    "distance_swimming": (102, "meters", True), "distance_downhill_snow_sports": (103, "meters", True),
    "distance_other": (104, "meters", True), "walking_step_length": (120, "cm", False),
    "walking_speed": (121, "m_per_s", False), "walking_double_support_percentage": (122, "percent", False),
    "walking_asymmetry_percentage": (123, "percent", False), "walking_steadiness": (124, "percent", False),
    "stair_descent_speed": (125, "m_per_s", False), "stair_ascent_speed": (126, "m_per_s", False),
    "running_power": (140, "watts", False), "running_speed": (141, "m_per_s", False),
    "running_vertical_oscillation": (142, "cm", False), "running_ground_contact_time": (143, "ms", False),
    "running_stride_length": (144, "cm", False), "running_vertical_ratio": (145, "percent", False),
    "running_stance_time_balance": (146, "percent", False), "swimming_stroke_count": (160, "count", True),
    "underwater_depth": (161, "meters", False), "cadence": (180, "rpm", False), "power": (181, "watts", False),
    "speed": (182, "m_per_s", False), "workout_effort_score": (183, "score", False),
    "estimated_workout_effort_score": (184, "score", False), "environmental_audio_exposure": (200, "dB", False),
    "headphone_audio_exposure": (201, "dB", False), "environmental_sound_reduction": (202, "dB", False),
    "time_in_daylight": (203, "minutes", True), "water_temperature": (204, "celsius", False),
    "uv_exposure": (205, "count", True), "inhaler_usage": (206, "count", True),
    "weather_temperature": (207, "celsius", False), "weather_humidity": (208, "percent", False),
    "elevation": (209, "meters", False), "latitude": (210, "degrees", False),
    "longitude": (211, "degrees", False), "air_temperature": (212, "celsius", False),
    "garmin_stress_level": (220, "score", False), "garmin_skin_temperature": (221, "celsius", False),
    "garmin_fitness_age": (222, "years", False), "garmin_body_battery": (223, "percent", False),
    "electrodermal_activity": (500, "count", False), "push_count": (501, "count", True),
    "atrial_fibrillation_burden": (502, "count", True), "insulin_delivery": (503, "count", True),
    "number_of_times_fallen": (504, "count", True), "number_of_alcoholic_beverages": (505, "count", True),
    "nike_fuel": (506, "count", True), "hydration": (507, "mL", False)
}
# The word of the SDK -> what is stored; other words become `other`.
WORKOUTS = {
    "running": "running", "walking": "walking", "hiking": "hiking", "wheelchair_run": "running",
    "wheelchair_walk": "walking", "cycling": "cycling", "hand_cycling": "cycling", "swimming": "swimming",
    "paddle_sports": "paddling", "rowing": "rowing", "surfing": "surfing", "water_fitness": "swimming",
    "water_polo": "water_polo", "water_sports": "water_sports", "strength_training": "strength_training",
    "functional_strength_training": "strength_training", "core_training": "strength_training",
    "cross_training": "cardio_training", "mixed_cardio": "cardio_training", "hiit": "cardio_training",
    "flexibility": "stretching", "cooldown": "stretching", "elliptical": "elliptical",
    "stair_climbing": "stair_climbing", "stairs": "stair_climbing", "step_training": "aerobics",
    "fitness_gaming": "gaming", "jump_rope": "cardio_training", "pilates": "pilates",
    "preparation_and_recovery": "stretching", "yoga": "yoga", "mind_and_body": "stretching",
    "barre": "aerobics", "tai_chi": "martial_arts", "dance": "dance", "dance_inspired_training": "dance",
    "social_dance": "dance", "cardio_dance": "dance", "tennis": "tennis", "table_tennis": "table_tennis",
    "badminton": "badminton", "squash": "squash", "racquetball": "racquetball", "pickleball": "pickleball",
    "soccer": "soccer", "basketball": "basketball", "baseball": "baseball", "softball": "baseball",
    "american_football": "american_football", "australian_football": "football", "rugby": "rugby",
    "hockey": "hockey", "lacrosse": "lacrosse", "volleyball": "volleyball", "handball": "handball",
    "cricket": "cricket", "disc_sports": "disc_sports", "boxing": "boxing", "kickboxing": "boxing",
    "martial_arts": "martial_arts", "wrestling": "martial_arts", "fencing": "fencing",
    "snow_sports": "snow_sports", "cross_country_skiing": "cross_country_skiing",
    "downhill_skiing": "alpine_skiing", "snowboarding": "snowboarding", "skating": "ice_skating",
    "curling": "curling", "golf": "golf", "archery": "archery", "fishing": "fishing", "hunting": "hunting",
    "climbing": "rock_climbing", "equestrian": "horseback_riding", "play": "play", "track_and_field": "running",
    "bowling": "bowling", "gymnastics": "fitness_equipment",
    "mixed_metabolic_cardio_training": "cardio_training", "sailing": "sailing", "swim_bike_run": "triathlon",
    "transition": "transition", "underwater_diving": "diving", "other": "generic",
    "cycling_stationary": "indoor_cycling", "boot_camp": "cardio_training", "calisthenics": "strength_training",
    "dancing": "dance", "exercise_class": "cardio_training", "football_american": "american_football",
    "football_australian": "football", "frisbee_disc": "disc_sports", "guided_breathing": "meditation",
    "ice_hockey": "hockey", "ice_skating": "ice_skating", "paddling": "paddling", "paragliding": "paragliding",
    "rock_climbing": "rock_climbing", "roller_hockey": "hockey", "rowing_machine": "rowing_machine",
    "running_treadmill": "treadmill", "scuba_diving": "diving", "skiing": "alpine_skiing",
    "snowshoeing": "snowshoeing", "stair_climbing_machine": "stair_climbing", "stretching": "stretching",
    "swimming_open_water": "open_water_swimming", "swimming_pool": "pool_swimming",
    "weightlifting": "strength_training", "wheelchair": "wheelchair"
}
# What provider `apple` is multiplied by.
FACTORS = dict.fromkeys([
    "WalkingStepLength", "WalkingAsymmetryPercentage", "WalkingDoubleSupportPercentage", "Height",
    "BodyFatPercentage", "AppleWalkingSteadiness"], 100)
# Statistics of a workout that become points at its end.
STATISTIC_SERIES = {
    "swimmingStrokeCount": "swimming_stroke_count", "averageRunningStrideLength": "running_stride_length",
    "averageVerticalOscillation": "running_vertical_oscillation",
    "averageGroundContactTime": "running_ground_contact_time", "averageMETs": "average_met",
    "weatherTemperature": "weather_temperature", "weatherHumidity": "weather_humidity", "meanCadence": "cadence",
    "maxCadence": "cadence", "vo2Max": "vo2_max", "totalEnergyBurned": "energy",
    "totalDistance": "distance_walking_running", "totalSteps": "steps",
}
ENERGIES = ("activeEnergyBurned", "basalEnergyBurned", "calories", "totalCalories")
STAGES = ("in_bed", "sleeping", "awake", "light", "deep", "rem", "unknown")
OPENING = ("in_bed", "sleeping", "light", "deep", "rem")
STAGED = ("light", "deep", "rem")
XML_STAGES = {"InBed": "in_bed", "Asleep": "sleeping", "AsleepUnspecified": "sleeping", "Awake": "awake",
              "AsleepCore": "light", "AsleepDeep": "deep", "AsleepREM": "rem"}
MODELS = {"Watch7,3": "Apple Watch Series 9 41mm (GPS+Cellular)", "iPhone16,1": "iPhone 15 Pro"}
SUPPORTED = ("apple", "samsung", "google")

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICRO = timedelta(microseconds=1)
GAP_US = 120 * 60 * 1_000_000
MOST = 10_000_000_000  # thousandths: numeric(10, 3)
HOUR_US = 3_600_000_000
ZONE = re.compile(r"[+-]\d\d:\d\d$")
ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt _](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?(Z|z|[+-]\d\d:?\d\d)?)?$")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
OVERFLOW = ("(psycopg.errors.NumericValueOutOfRange) numeric field overflow\nDETAIL:  A field with precision 10, "
            "scale 3 must round to an absolute value less than 10^7.\n[SQL: INSERT INTO data_point_series ...]")
TOO_LONG = ("(psycopg.errors.StringDataRightTruncation) value too long for type character varying({})\n"
            "[SQL: INSERT INTO ...]")


class Bad(Exception):
    """one item is dropped"""


class BatchFails(Exception):
    """the whole batch is lost; the text is what the run says"""


def micros(value):
    """microseconds since 1970; an item with another spelling is dropped"""
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith("Z") else value)
        except ValueError:
            at = slow_stamp(value)
        if "T" not in value and " " in value and ISO.match(value) is None:
            raise Bad("Input should be a valid datetime")
        if at.tzinfo is None:
            at = at.replace(tzinfo=timezone.utc)
        return (at - EPOCH) // MICRO
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise Bad("Input should be a valid datetime")
    seconds = value / 1000 if abs(value) > 2e10 else value
    return round(seconds * 1_000_000)


def slow_stamp(text):
    if NUMBER.match(text):
        return EPOCH + timedelta(microseconds=micros(float(text)))
    found = ISO.match(text)
    if not found:
        raise Bad("Input should be a valid datetime")
    day, clock, fraction, offset = found.groups()
    offset = "+00:00" if offset in (None, "Z", "z") else offset[:3] + ":" + offset[-2:]
    clock = clock or "00:00:00"
    clock = clock if len(clock) == 8 else clock + ":00"
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0').ljust(6, '0')[:6]}{offset}")
    except ValueError:
        raise Bad("Input should be a valid datetime") from None


def stamp(us):
    at = EPOCH + us * MICRO
    return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at.microsecond:06d}Z" if at.microsecond else "Z")


def number(value):
    if isinstance(value, bool) or value is None:
        raise Bad("Input should be a valid number")
    if isinstance(value, str):
        if not NUMBER.match(value.strip()):
            raise Bad("Input should be a valid number")
        value = value.strip()
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise Bad("Input should be a finite number")
        value = repr(value)
    elif not isinstance(value, int):
        raise Bad("Input should be a valid number")
    return Decimal(value)


def thousandths(value):
    """as the column numeric(10, 3) keeps it; the batch is lost where it does not fit"""
    try:
        kept = int((value * 1000).quantize(Decimal(1), ROUND_HALF_UP))
    except InvalidOperation:
        kept = MOST
    if abs(kept) >= MOST:
        raise BatchFails(f"Import failed: {OVERFLOW}")
    return kept


def optional(item, key, kinds):
    value = item.get(key)
    if value is not None and not isinstance(value, kinds):
        raise Bad(f"{key} has another type")
    return value


def check_source(source):
    if source is None:
        return
    if not isinstance(source, dict):
        raise Bad("Input should be a valid dictionary")
    version = source.get("operatingSystemVersion")
    if version is not None:
        parts = ("majorVersion", "minorVersion", "patchVersion")
        if not isinstance(version, dict) or any(not isinstance(version.get(part), int) for part in parts):
            raise Bad("operatingSystemVersion")
    for key, value in source.items():
        if key != "operatingSystemVersion" and value is not None and not isinstance(value, str):
            raise Bad("Input should be a valid string")


def check_common(item):
    if not isinstance(item, dict):
        raise Bad("Input should be a valid dictionary")
    source = item.get("source")
    check_source(source)
    for key in ("id", "parentId", "zoneOffset"):
        optional(item, key, str)
    metadata = optional(item, "metadata", (dict, list))
    if isinstance(metadata, list) and any(not isinstance(one, dict) for one in metadata):
        raise Bad("metadata")
    start, end = micros(item.get("startDate")), micros(item.get("endDate"))
    return start, end, source or {}


def zone_of(item):
    zone = item.get("zoneOffset")
    if zone is None or ZONE.match(zone):
        return zone
    if zone == "Z":
        return "+00:00"
    if len(zone) > 10:
        raise BatchFails("Validation failed: String should have at most 10 characters")
    raise BatchFails("Validation failed: Value error, Invalid zone offset")


def identity(source):
    """device model and name: what a source is told by, with the user and the provider"""
    model = source.get("deviceModel") or source.get("productType")
    name = source.get("name") or source.get("deviceName") or source.get("appId") or source.get("bundleIdentifier")
    return model, name


def device_type(model):
    if model is None:
        return None
    low = model.lower()
    if model.startswith("Watch") or "watch" in low:
        return "watch"
    if model.startswith(("iPhone", "iPad")) or "phone" in low:
        return "phone"
    return next((kind for kind in ("ring", "band", "scale") if kind in low), "other")


class World:
    """everything that is stored, behind one lock"""

    def __init__(self, clock):
        self.clock = clock
        self.lock = threading.RLock()
        self.db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.db.executescript("""
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
            CREATE TABLE points (source INTEGER, series INTEGER, at INTEGER, value INTEGER, zone TEXT,
                PRIMARY KEY (source, series, at)) WITHOUT ROWID;
            CREATE TABLE events (id TEXT PRIMARY KEY, user TEXT, source INTEGER, kind TEXT, start INTEGER, end INTEGER,
                zone TEXT, doc TEXT, UNIQUE (source, start, end));
        """)
        self.users = {}  # id -> user
        self.sources = {}  # (user, provider, model, name) -> number
        self.source_rows = []  # number -> (id, key)
        self.connections = {}  # (user, provider) -> connection
        self.nights = {}  # user -> open session
        self.night_locks = {}
        self.codes = {number: code for code, (number, _, _) in SERIES.items()}

    # ---- a batch of the SDK ----

    def take(self, user, body):
        """stores a batch; answers (records_saved, workouts_saved, sleep_saved, dropped_count) or raises BatchFails"""
        provider = body.get("provider")
        collections = envelope(body)
        dropped = 0
        points, workouts, stages = [], [], []
        checks = {"records": check_record, "sleep": check_stage, "workouts": check_workout}
        good = {}
        for name, items in collections.items():
            good[name] = []
            for item in items:
                try:
                    good[name].append((item, *checks[name](item)))
                except Bad:
                    dropped += 1
        known = provider if provider in SUPPORTED else None
        for item, start, source, value in good["records"]:
            point = record_point(item, start, value, known)
            if point:
                points.append((self.key(user, known, source, 100), *point))
        for item, start, end, source in good["workouts"]:
            row, more = workout_row(item, start, end)
            key = self.key(user, known, source, 64)
            workouts.append((key, row))
            points += [(key, *point) for point in more]
        for item, start, end, source in good["sleep"]:
            zone = zone_of(item)
            if item["stage"] in STAGES:
                stages.append((start, end, item["stage"], self.key(user, known, source, 100), zone, item.get("id")))
        with self.lock:
            if user not in self.users:
                return None
            self.connect(user, (known or "apple"))
            self.put_points(points)
            saved = sum(self.put_workout(user, key, row) for key, row in workouts)
            lock = self.night_locks.setdefault(user, threading.Lock())
        if stages and lock.acquire(timeout=15):  # one that waits longer is passed over without a word
            try:
                self.put_stages(user, stages)
            finally:
                lock.release()
        return len(points), saved, len(good["sleep"]), dropped

    def key(self, user, provider, source, longest):
        model, name = identity(source)
        for text, most in ((name, longest), (model, 100), (source.get("id"), 100)):
            if text is not None and len(text) > most:
                raise BatchFails("Import failed: " + TOO_LONG.format(most))
        if provider is None:
            low = (name or "").lower()
            provider = next((word for word in ("apple", "garmin", "samsung", "google", "polar") if word in low),
                            "unknown")
        return user, provider, model, name

    def source(self, key):
        if key not in self.sources:
            self.sources[key] = len(self.source_rows)
            self.source_rows.append((str(uuid.uuid4()), key))
        return self.sources[key]

    def connect(self, user, provider):
        at = self.clock()
        fresh = {"id": str(uuid.uuid4()), "user_id": user, "provider": provider, "created_at": at}
        connection = self.connections.setdefault((user, provider), fresh)
        connection.update(status="active", last_synced_at=at, updated_at=at)

    def put_points(self, points):
        rows = [(self.source(key), series, at, value, zone) for key, series, at, value, zone in points]
        self.db.execute("BEGIN")
        self.db.executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                            "value = excluded.value, zone = excluded.zone", rows)
        self.db.execute("COMMIT")

    def put_workout(self, user, key, row):
        return self.put_event(user, self.source(key), "workout", row.pop("start"), row.pop("end"), row.pop("zone"), row)

    def put_event(self, user, source, kind, start, end, zone, doc):
        """the first one of its source and times stays, be it a workout or a night"""
        row = (str(uuid.uuid4()), user, source, kind, start, end, zone, json.dumps(doc))
        return self.db.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row).rowcount

    # ---- nights ----

    def put_stages(self, user, stages):
        """stages of one batch: (start, end, stage, source key, zone, id)"""
        unique = {(s[0], s[1], s[2], s[3]): s for s in reversed(stages)}
        with self.lock:
            session = self.nights.pop(user, None)
            for item in sorted(unique.values(), key=lambda s: s[0]):
                if session and item[0] <= session["end"] + GAP_US and item[1] >= session["start"] - GAP_US:
                    session["start"] = min(session["start"], item[0])
                    session["end"] = max(session["end"], item[1])
                    session["items"].append(item)
                    continue
                if session:
                    self.close(user, session)
                    session = None
                if item[2] in OPENING:
                    session = {"start": item[0], "end": item[1], "items": [item], "source": item[3]}
            if session:
                self.nights[user] = session
                self.close_old(user)

    def close_old(self, only=None):
        """writes sessions that ended two hours ago: after every batch, and once an hour"""
        with self.lock:
            for user in [only] if only else list(self.nights):
                session = self.nights.get(user)
                if session and micros(self.clock()) - session["end"] >= GAP_US:
                    self.close(user, self.nights.pop(user))

    def close(self, user, session):
        source = self.source(session["source"])
        items = session["items"]
        start, end = session["start"], session["end"]
        near = self.db.execute(
            "SELECT e.id, e.start, e.end, e.doc FROM events e WHERE e.user = ? AND e.kind = 'sleep' AND e.source = ? "
            "AND e.start <= ? AND e.end >= ? ORDER BY e.start LIMIT 1", (user, source, end + GAP_US, start - GAP_US),
        ).fetchone()
        if near:
            # Merged with one that is stored, under a new id.
            self.db.execute("DELETE FROM events WHERE id = ?", (near[0],))
            old = [tuple(item) for item in json.loads(near[3])["items"]]
            known = {(s[0], s[1], s[2]) for s in old}
            items = old + [item[:3] + (None, item[4], None) for item in items if item[:3] not in known]
            start, end = min(start, near[1]), max(end, near[2])
        items = sorted(items, key=lambda s: s[0])
        doc = night(items)
        if doc["intervals"]:
            start, end = doc["intervals"][0][1], max(piece[2] for piece in doc["intervals"])
        doc["items"] = [item[:3] + (None, item[4], None) for item in items]
        zone = next((item[4] for item in items if item[4]), None)
        self.put_event(user, source, "sleep", start, end, zone, doc)

    # ---- reading ----

    def numbers_of(self, user):
        return [number for number, (_, key) in enumerate(self.source_rows) if key[0] == user]

    def counts(self, user, start=None, end=None):
        low, high = -(1 << 62) if start is None else start, 1 << 62 if end is None else end
        by_provider, total, kinds = {}, {}, {}
        with self.lock:
            for number in self.numbers_of(user):
                provider = self.source_rows[number][1][1]
                told = by_provider.setdefault(provider, {"series": {}, "workouts": 0, "sleep": 0})
                for series, n in self.db.execute(
                        "SELECT series, count(*) FROM points WHERE source = ? AND at >= ? AND at < ? GROUP BY series",
                        (number, low, high)):
                    code = self.codes[series]
                    total[code] = total.get(code, 0) + n
                    told["series"][code] = told["series"].get(code, 0) + n
                for kind, doc in self.db.execute(
                        "SELECT kind, doc FROM events WHERE source = ? AND start >= ? AND start < ?",
                        (number, low, high)):
                    if kind == "sleep":
                        told["sleep"] += 1
                    else:
                        told["workouts"] += 1
                        word = json.loads(doc)["type"] or "unknown"
                        kinds[word] = kinds.get(word, 0) + 1
        rows = [{"provider": provider, "data_points": sum(told["series"].values()),
                 "series_counts": dict(sorted(told["series"].items())), "workout_count": told["workouts"],
                 "sleep_count": told["sleep"]} for provider, told in sorted(by_provider.items())]
        return {"user_id": user, "total_data_points": sum(total.values()), "total_workouts": sum(kinds.values()),
                "total_sleep_events": sum(row["sleep_count"] for row in rows),
                "series_type_counts": dict(sorted(total.items())), "workout_type_counts": dict(sorted(kinds.items())),
                "by_provider": [row for row in rows
                                if row["data_points"] or row["workout_count"] or row["sleep_count"]],
                "has_womens_health_data": False}

    def points(self, user, start, end, series=None):
        """points in the order of time, lazily: (at, series code, source number, value, zone)"""
        numbers = self.numbers_of(user)
        marks = ",".join("?" * len(numbers))
        with self.lock:
            found = self.db.execute(
                f"SELECT at, series, source, value, zone FROM points WHERE source IN ({marks}) AND at >= ? AND at < ? "
                "ORDER BY at, series, source", (*numbers, start, end)).fetchall()
        for at, number, source, value, zone in found:
            if series is None or self.codes[number] in series:
                yield at, self.codes[number], source, value / 1000, zone

    def point(self, row):
        at, code, source, value, zone = row
        return {"timestamp": stamp(at), "zone_offset": zone, "type": code, "value": value, "unit": SERIES[code][1],
                "source": self.shown(source), "is_daily_total": False if SERIES[code][2] else None}

    def shown(self, number):
        _, (_, provider, model, name) = self.source_rows[number]
        return {"provider": provider, "source": name, "device": model, "device_type": device_type(model),
                "device_name": MODELS.get(model, model)}

    def events(self, user, kind, start, end):
        with self.lock:
            rows = self.db.execute(
                "SELECT id, source, start, end, zone, doc FROM events WHERE user = ? AND kind = ? AND start >= ? AND "
                "end < ? ORDER BY start DESC", (user, kind, start, end)).fetchall()
        make = self.workout if kind == "workout" else self.sleep
        return [make(event, source, at, until, zone, json.loads(doc)) for event, source, at, until, zone, doc in rows]

    def workout(self, event, source, start, end, zone, doc):
        average = doc["heart_rate_avg"]
        if average is None:
            with self.lock:
                average = self.db.execute(
                    "SELECT avg(value) / 1000.0 FROM points WHERE source = ? AND series = 1 AND at >= ? AND at < ?",
                    (source, start, end)).fetchone()[0]
        known = {"id": event, "type": doc["type"] or "unknown", "name": None, "start_time": stamp(start),
                 "end_time": stamp(end), "zone_offset": zone, "duration_seconds": doc["duration"],
                 "source": self.shown(source)}
        return {**known, "calories_kcal": doc["energy"] or None, "distance_meters": doc["distance"] or None,
                "avg_heart_rate_bpm": None if average is None else round(average),
                "max_heart_rate_bpm": doc["heart_rate_max"], "avg_pace_sec_per_km": None,
                "elevation_gain_meters": doc["elevation"] or None}

    def sleep(self, event, source, start, end, zone, doc):
        pieces = [{"stage": stage, "start_time": stamp(at), "end_time": stamp(until)}
                  for stage, at, until in doc["intervals"]]
        return {"id": event, "start_time": stamp(start), "end_time": stamp(end), "zone_offset": zone,
                "source": self.shown(source), "duration_seconds": (end - start) // 1_000_000,
                "sleep_duration_seconds": doc["asleep"] * 60, "efficiency_percent": doc["efficiency"],
                "stages": {f"{stage}_minutes": doc["minutes"][stage] for stage in ("awake", "light", "deep", "rem")},
                "sleep_stage_intervals": pieces or None, "is_nap": False}

    def delete_event(self, user, kind, event):
        with self.lock:
            return self.db.execute("DELETE FROM events WHERE id = ? AND user = ? AND kind = ?",
                                   (event, user, kind)).rowcount

    def data_sources(self, user):
        rows = []
        for number in self.numbers_of(user):
            ident, (_, provider, model, name) = self.source_rows[number]
            connection = self.connections.get((user, provider))
            rows.append({"id": ident, "user_id": user, "provider": provider,
                         "user_connection_id": connection and connection["id"], "device_model": model,
                         "software_version": None, "source": name, "device_type": device_type(model),
                         "original_source_name": None,
                         "display_name": provider.capitalize() + (f" - {model}" if model else "")})
        return rows

    def forget(self, user, provider=None):
        """removes all that a user, or one provider of it, has"""
        with self.lock:
            for number in self.numbers_of(user):
                ident, key = self.source_rows[number]
                if provider not in (None, key[1]):
                    continue
                self.db.execute("DELETE FROM points WHERE source = ?", (number,))
                self.db.execute("DELETE FROM events WHERE source = ?", (number,))
                self.sources.pop(key, None)
                self.source_rows[number] = (ident, (None, *key[1:]))
            self.nights.pop(user, None)

    def state(self, user):
        """everything of a user that the read API tells, in the shape of expected-server-state.json"""
        low, high = -(1 << 62), 1 << 62
        counts = self.counts(user)
        bare = lambda rows: [{k: v for k, v in row.items() if k != "id"} for row in rows][::-1]
        sources = [{k: v for k, v in row.items() if k not in ("id", "user_id", "user_connection_id")}
                   for row in self.data_sources(user)]
        rows = []
        for at, code, source, value, zone in self.points(user, low, high):
            _, (_, _, model, name) = self.source_rows[source]
            total = False if SERIES[code][2] else None
            rows.append([stamp(at), zone, code, value, SERIES[code][1], name, model, total])
        return {"series_type_counts": counts["series_type_counts"], "total_data_points": counts["total_data_points"],
                "total_workouts": counts["total_workouts"], "total_sleep_events": counts["total_sleep_events"],
                "data_sources": sources, "workouts": bare(self.events(user, "workout", low, high)),
                "sleep": bare(self.events(user, "sleep", low, high)),
                "timeseries_columns": ["timestamp", "zone_offset", "type", "value", "unit", "source.source",
                                       "source.device", "is_daily_total"],
                "timeseries": rows}

    # ---- Apple's XML ----

    def take_xml(self, user, stream):
        """the poor way in: no units, no names of sources, no zones"""
        with self.lock:
            if user not in self.users:
                return
        points, workouts, stages = [], [], []
        for _, node in ElementTree.iterparse(stream, events=("end",)):
            if node.tag == "Record":
                self.xml_record(user, node, points, stages)
            elif node.tag == "Workout":
                self.xml_workout(user, node, workouts)
            if node.tag in ("Record", "Workout", "Correlation", "ActivitySummary"):
                node.clear()
        with self.lock:
            self.put_points(points)
            for key, row in workouts:
                self.put_workout(user, key, row)
        self.put_stages(user, stages)

    def xml_record(self, user, node, points, stages):
        kind, device = node.get("type", ""), node.get("device") or ""
        try:
            start, end = xml_stamp(node.get("startDate")), xml_stamp(node.get("endDate"))
            if kind == "HKCategoryTypeIdentifierSleepAnalysis":
                stage = XML_STAGES.get(node.get("value", "").removeprefix("HKCategoryValueSleepAnalysis"))
                key = (user, "apple", device_part(device, "name"), "apple_health_xml")
                if stage:
                    stages.append((start, end, stage, key, None, None))
                return
            series = APPLE.get(kind.removeprefix("HKQuantityTypeIdentifier"))
            if series and kind.startswith("HKQuantityTypeIdentifier"):
                key = (user, "apple", device_part(device, "model"), "apple_health_xml")
                points.append((key, SERIES[series][0], start, thousandths(number(node.get("value"))), None))
        except (Bad, BatchFails):
            pass

    def xml_workout(self, user, node, workouts):
        try:
            start, end = xml_stamp(node.get("startDate")), xml_stamp(node.get("endDate"))
        except Bad:
            return
        told = {s.get("type", "").removeprefix("HKQuantityTypeIdentifier"): s for s in node.iter("WorkoutStatistics")}
        heart = told.get("HeartRate")
        energies = [told[name].get("sum") for name in ("ActiveEnergyBurned", "BasalEnergyBurned") if name in told]
        word = "".join("_" + c.lower() if c.isupper() else c for c in
                       node.get("workoutActivityType", "").removeprefix("HKWorkoutActivityType")).lstrip("_")
        row = {"start": start, "end": end, "zone": None, "type": WORKOUTS.get(word, "other"),
               "duration": (end - start) // 1_000_000, "energy": sum(float(e) for e in energies if e) or None,
               "distance": None, "elevation": None, "heart_rate_avg": None, "heart_rate_max": None}
        if heart is not None and heart.get("average"):
            row["heart_rate_avg"] = round(float(heart.get("average")))
            row["heart_rate_max"] = round(float(heart.get("maximum") or 0)) or None
        device = device_part(node.get("device") or "", "model")
        workouts.append(((user, "apple", device, "apple_health_xml"), row))


def xml_stamp(text):
    try:
        return (datetime.strptime(text or "", "%Y-%m-%d %H:%M:%S %z") - EPOCH) // MICRO
    except ValueError:
        raise Bad("date") from None


def device_part(device, name):
    found = re.search(rf"[, ]{name}:([^,>]*)", device)
    return found.group(1) if found else None


def envelope(body):
    """the collections of a body; a broken frame fails the whole run"""
    for key in ("sdkVersion", "syncTimestamp"):
        if key not in body:
            raise BatchFails("Validation failed: Field required")
    if not isinstance(body["sdkVersion"], str):
        raise BatchFails("Validation failed: Input should be a valid string")
    try:
        micros(body["syncTimestamp"])
    except Bad:
        raise BatchFails("Validation failed: Input should be a valid datetime") from None
    data = body.get("data", {})
    if not isinstance(data, dict):
        raise BatchFails("Validation failed: Input should be a valid dictionary or instance of SyncRequestData")
    collections = {name: data.get(name, []) for name in ("records", "sleep", "workouts")}
    if any(not isinstance(items, list) for items in collections.values()):
        raise BatchFails("Validation failed: Input should be a valid list")
    return collections


def check_record(item):
    start, _, source = check_common(item)
    if "unit" not in item:
        raise Bad("Field required")
    optional(item, "unit", str)
    optional(item, "type", str)
    return start, source, number(item.get("value"))


def check_stage(item):
    start, end, source = check_common(item)
    if not isinstance(item.get("stage"), str):
        raise Bad("Field required")
    optional(item, "values", list)
    return start, end, source


def check_workout(item):
    start, end, source = check_common(item)
    optional(item, "type", str)
    for key in ("title", "notes"):
        optional(item, key, str)
    for key in ("values", "segments", "laps", "route", "samples"):
        optional(item, key, list)
    for one in item.get("values") or []:
        if not isinstance(one, dict) or not isinstance(one.get("type"), str) or not isinstance(one.get("unit"), str):
            raise Bad("values")
        number(one.get("value"))
    return start, end, source


def record_point(item, start, value, provider):
    """(series, at, thousandths, zone); None for a type that has no series"""
    kind = item.get("type") or ""
    short = kind.removeprefix("HKQuantityTypeIdentifier")
    series = APPLE.get(short) if kind != short else ANDROID.get(kind)
    if series is None:
        return None
    if len(item.get("id") or "") > 100:
        raise BatchFails("Import failed: " + TOO_LONG.format(100))
    if series == "blood_glucose" and (item.get("unit") or "").startswith("mmol"):
        value *= Decimal("18.0182")
    if provider == "apple" and kind != short and short in FACTORS:
        value *= FACTORS[short]
    if kind == "HEIGHT":
        value *= 100
    return SERIES[series][0], start, thousandths(value), zone_of(item)


def workout_row(item, start, end):
    """what is kept of a workout, and the points that its statistics make"""
    if len(item.get("id") or "") > 100:
        raise BatchFails("Import failed: " + TOO_LONG.format(100))
    zone = zone_of(item)
    values = item.get("values") or []
    told = {one["type"]: (number(one["value"]), one["unit"]) for one in values}
    first = lambda *names: next((told[name][0] for name in names if name in told), None)
    duration = None
    for name in ("duration", "totalDuration"):
        if name in told:
            amount, unit = told[name]
            duration = int(amount / 1000 if unit == "ms" else amount)
    energy = sum((told[name][0] for name in ENERGIES if name in told), Decimal(0)) if values else None
    heart, fastest = first("averageHeartRate", "meanHeartRate"), first("maxSpeed")
    speed = first("averageSpeed", "meanSpeed", "averageRunningSpeed")
    if any(value is not None and abs(value) >= 1000 for value in (heart, fastest, speed)):
        raise BatchFails("Import failed: " + OVERFLOW)
    kept = lambda value: None if value is None else thousandths(value) / 1000
    highest = first("maxHeartRate")
    word = item.get("type")
    row = {"start": start, "end": end, "zone": zone,
           "type": None if word is None else WORKOUTS.get(word.strip().lower(), "other"),
           "duration": (end - start) // 1_000_000 if duration is None else duration, "energy": kept(energy),
           "distance": kept(first("distance")), "elevation": kept(first("elevationAscended", "altitudeGain")),
           "heart_rate_avg": None if heart is None else round(heart),
           "heart_rate_max": None if highest is None else round(highest)}
    points = [(SERIES[series][0], end, thousandths(told[name][0]), zone)
              for name, series in STATISTIC_SERIES.items() if name in told]
    return row, points


def night(items):
    """stages as they are written: what overlaps is cut so that the earlier one keeps its length"""
    staged = any(item[2] in STAGED for item in items)
    asleep_unstaged = any(item[2] == "sleeping" for item in items)
    drop = {"in_bed", "sleeping"} if staged else {"in_bed"} if asleep_unstaged else set()
    pieces, until = [], None
    for start, end, stage in sorted((item[:3] for item in items), key=lambda s: s[0]):
        if stage == "unknown" or stage in drop:
            continue
        start = start if until is None else max(start, until)
        if end > start:
            pieces.append(("sleeping" if stage == "in_bed" else stage, start, end))
            until = end
    seconds = {}
    for stage, start, end in pieces:
        seconds[stage] = seconds.get(stage, 0) + (end - start) // 1_000_000
    minutes = {stage: seconds.get(stage, 0) // 60 for stage in ("awake", "light", "deep", "rem", "sleeping")}
    asleep_s = sum(seconds.get(stage, 0) for stage in ("light", "deep", "rem", "sleeping"))
    in_bed = union([item[:2] for item in items if item[2] == "in_bed"])
    time_in_bed = max(in_bed, asleep_s + seconds.get("awake", 0))
    efficiency = round(asleep_s / time_in_bed * 100, 2) if time_in_bed and pieces else None
    return {"intervals": pieces, "minutes": minutes, "asleep": asleep_s // 60, "efficiency": efficiency}


def union(spans):
    total, until = 0, None
    for start, end in sorted(spans):
        start = start if until is None else max(start, until)
        if end > start:
            total, until = total + end - start, end
    return total // 1_000_000
