//! How people write ways, heights, paces and speeds: in kilometres or in miles. The numbers themselves are metres, and
//! seconds for a kilometre; nothing here is stored.

use serde::Serialize;

/// A unit of length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Length {
    /// Its symbol, e.g. `km`.
    pub symbol: &'static str,
    /// How many metres it has.
    pub metres: f64,
}

impl Length {
    /// A number of metres in this unit.
    pub fn of(self, metres: f64) -> f64 {
        metres / self.metres
    }
}

/// The units of a workout on the way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ways {
    /// Of the way, its splits, its pace and its speed.
    pub way: Length,
    /// Of heights, and of what is shorter than a way.
    pub height: Length,
}

impl Ways {
    /// Kilometres and metres.
    pub const METRIC: Self =
        Self { way: Length { symbol: "km", metres: 1000.0 }, height: Length { symbol: "m", metres: 1.0 } };
    /// International miles and feet.
    pub const IMPERIAL: Self =
        Self { way: Length { symbol: "mi", metres: 1609.344 }, height: Length { symbol: "ft", metres: 0.3048 } };

    /// The unit of a pace, e.g. `min/km`.
    pub fn pace_symbol(&self) -> String {
        format!("min/{}", self.way.symbol)
    }

    /// Seconds for one such way, of seconds for a kilometre.
    pub fn pace(&self, seconds_per_km: f64) -> f64 {
        seconds_per_km * self.way.metres / 1000.0
    }

    /// The unit of a speed: `km/h` or `mph`.
    pub fn speed_symbol(&self) -> &'static str {
        if self.way.symbol == "mi" { "mph" } else { "km/h" }
    }

    /// Such ways in an hour, of seconds for a kilometre.
    pub fn speed(&self, seconds_per_km: f64) -> f64 {
        self.way.of(3_600_000.0 / seconds_per_km)
    }
}

/// `5:30` of 330 seconds, as paces are written.
pub fn minutes_seconds(seconds: f64) -> String {
    let whole = seconds.round() as i64;
    format!("{}:{:02}", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_of_five_minutes_is_twelve_kilometres_an_hour() {
        let tell = |ways: Ways| {
            let pace = minutes_seconds(ways.pace(300.0));
            (ways.pace_symbol(), pace, format!("{:.2} {}", ways.speed(300.0), ways.speed_symbol()))
        };
        assert_eq!(tell(Ways::METRIC), ("min/km".to_owned(), "5:00".to_owned(), "12.00 km/h".to_owned()));
        assert_eq!(tell(Ways::IMPERIAL), ("min/mi".to_owned(), "8:03".to_owned(), "7.46 mph".to_owned()));
        assert_eq!(format!("{:.1}", Ways::IMPERIAL.height.of(100.0)), "328.1");
    }
}
