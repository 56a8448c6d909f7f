//! The route of a workout as a file for maps and sports sites.

use std::io::Write;
use std::path::Path;

use health::formats::gpx;
use health::formats::route::{Point, unpack};
use health::kind::activity_name;
use serde::Serialize;
use store::query::WorkoutRow;

use super::{detail::find, key};
use crate::error::{About, Code, Error, Result};
use crate::folder::Folder;
use crate::new_file::new_file;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteAnswer {
    /// The workout.
    pub workout: i64,
    /// Where it lies, as it was named.
    pub file: String,
    /// Points in it.
    pub points: usize,
}

/// Writes the route of a workout as GPX into a new file. One without a route is refused.
pub fn gpx_file(folder: &Folder, id: i64, file: &Path) -> Result<RouteAnswer> {
    let (row, parts) = route(folder, id)?;
    new_file(file, |unfinished| {
        let mut out = std::io::BufWriter::new(std::fs::File::create(unfinished).writing(file)?);
        write(&mut out, &row, &parts).and_then(|()| out.flush()).writing(file)
    })?;
    Ok(RouteAnswer { workout: id, file: file.display().to_string(), points: parts.iter().map(Vec::len).sum() })
}

/// Writes the same to a stream.
pub fn gpx_stream(folder: &Folder, id: i64, mut out: &mut dyn Write) -> Result<()> {
    let (row, parts) = route(folder, id)?;
    Ok(write(&mut out, &row, &parts)?)
}

fn write(out: &mut impl Write, row: &WorkoutRow, parts: &[Vec<Point>]) -> std::io::Result<()> {
    gpx::write(out, activity_name(&row.activity), parts)
}

fn route(folder: &Folder, id: i64) -> Result<(WorkoutRow, Vec<Vec<Point>>)> {
    let store = folder.read()?;
    let row = find(&store, id)?;
    let parts: Vec<Vec<Point>> = store.routes(&key(&row))?.iter().filter_map(|bytes| unpack(bytes)).collect();
    if parts.iter().all(Vec::is_empty) {
        let hint = "An export holds routes only where the phone was allowed to keep them.";
        return Err(Error::new(Code::NotFound, format!("Workout {id} has no route."), hint));
    }
    Ok((row, parts))
}

#[cfg(test)]
mod tests {
    use health::formats::apple_export::gpx::read;

    use super::*;
    use crate::testing::TestFolder;
    use crate::workouts::Listing;
    use crate::workouts::workouts;

    #[test]
    fn a_route_is_written_whole_and_a_workout_without_one_is_told() {
        let folder = TestFolder::filled("gpx");
        let mut routes = 0;
        for row in workouts(&folder, Listing::default()).expect("workouts") {
            let mut out = Vec::new();
            match gpx_stream(&folder, row.id, &mut out) {
                Ok(()) => {
                    assert_eq!(read(out.as_slice()).points.len() as u64, row.route_points);
                    routes += 1;
                }
                Err(error) => assert_eq!((error.code, row.route_points), (Code::NotFound, 0)),
            }
        }
        assert!(routes > 0);
        assert_eq!(gpx_stream(&folder, 99, &mut Vec::new()).expect_err("unknown").code, Code::UnknownWorkout);
    }
}
