//! How the webview paints on Linux. WebKit composes its frames by OpenGL and hands them over in shared buffers; where
//! no graphics card does that, the processor does, and it takes longer than the drawing: there frames are handed over
//! without. Only the environment of a process says so, and that cannot be changed safely once it runs.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Where the system shows its graphics cards.
const CARDS: &str = "/dev/dri";

/// Who sets it, whatever to, has chosen.
const CHOICE: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Chooses the shorter way: where it is another one than WebKit's own, the program starts anew in the same process,
/// and this does not return. Where that fails the window works all the same.
pub fn choose() {
    if choice(env::var_os(CHOICE).as_deref(), has_card())
        && let Ok(program) = env::current_exe()
    {
        let _failed = Command::new(program).args(env::args_os().skip(1)).env(CHOICE, "1").exec();
    }
}

/// Whether the program is to be started anew.
fn choice(made: Option<&OsStr>, card: bool) -> bool {
    made.is_none() && !card
}

fn has_card() -> bool {
    let devices = fs::read_dir(CARDS).into_iter().flatten().flatten();
    devices.map(|device| device.file_name()).any(|name| draws(&name.to_string_lossy()))
}

/// Whether the device of a name can be asked to draw; a card that only shows a picture has no such device.
fn draws(device: &str) -> bool {
    device.starts_with("renderD")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_one_that_draws() {
        fn check(device: &str, expected: bool) {
            assert_eq!(draws(device), expected, "{device}");
        }
        check("renderD128", true);
        check("card0", false);
        check("by-path", false);
    }

    #[test]
    fn the_program_starts_anew_once_and_only_where_nobody_has_chosen() {
        fn check(made: Option<&str>, card: bool, expected: bool) {
            assert_eq!(choice(made.map(OsStr::new), card), expected, "{made:?} {card}");
        }
        check(None, false, true);
        check(None, true, false);
        check(Some("1"), false, false);
        check(Some("0"), false, false);
        check(Some(""), false, false);
    }
}
