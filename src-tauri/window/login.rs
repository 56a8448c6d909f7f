//! Starting with the session of whoever is logged in: on Linux by a file of the freedesktop autostart specification,
//! which is written and taken away here; elsewhere by the system's own means, which nobody has tried yet.
//!
//! It is the one thing that is written outside the data folder without being named, and only when the owner says so.

#[cfg(target_os = "linux")]
use std::path::Path;
use std::path::PathBuf;

use app::{Folder, Result};

/// Where programs are named that start with the session; none where this system has no such place, or in tests.
#[derive(Debug, Clone, Default)]
pub struct Login(Option<PathBuf>);

/// The file there.
#[cfg(target_os = "linux")]
const FILE: &str = "vitalog.desktop";
/// The line by which a file is known as that of a data folder.
#[cfg(target_os = "linux")]
const OF: &str = "X-Vitalog-Data=";

impl Login {
    /// The place of this user. `environment` answers for a variable's name.
    pub fn find(environment: impl Fn(&str) -> Option<PathBuf>) -> Self {
        // The specification says that a relative path there is to be ignored.
        let set = environment("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        let config = set.or_else(|| Some(environment("HOME")?.join(".config")));
        Self(config.map(|config| config.join("autostart")))
    }

    /// A place of a test's own.
    pub fn at(dir: PathBuf) -> Self {
        Self(Some(dir))
    }

    /// Whether it can be switched on here.
    pub fn is_possible(&self) -> bool {
        self.0.is_some() && program().is_ok()
    }
}

#[cfg(target_os = "linux")]
impl Login {
    /// Whether the window starts for this data folder.
    pub fn is_on(&self, folder: &Folder) -> bool {
        self.text().is_some_and(|text| is_of(&text, folder))
    }

    /// Starts it from now on, or no more. A file of another data folder gives way to a new one, and stays else.
    pub fn set(&self, folder: &Folder, on: bool) -> Result<()> {
        let Some(dir) = &self.0 else { return Ok(()) };
        if on {
            let program = program()?;
            std::fs::create_dir_all(dir)?;
            let part = dir.join(".vitalog.desktop.part");
            std::fs::write(&part, entry(&program, &absolute(folder)))?;
            std::fs::rename(&part, dir.join(FILE))?;
        } else if self.is_on(folder) {
            std::fs::remove_file(dir.join(FILE))?;
        }
        Ok(())
    }

    fn text(&self) -> Option<String> {
        std::fs::read_to_string(self.0.as_ref()?.join(FILE)).ok()
    }
}

#[cfg(target_os = "linux")]
fn is_of(text: &str, folder: &Folder) -> bool {
    let of = escaped(&absolute(folder).to_string_lossy());
    text.lines().any(|line| line.strip_prefix(OF) == Some(of.as_str()))
}

/// What is to be started. An AppImage lies where it was put, and runs from somewhere else each time.
fn program() -> std::io::Result<PathBuf> {
    std::env::var_os("APPIMAGE").map(PathBuf::from).map_or_else(std::env::current_exe, Ok)
}

fn absolute(folder: &Folder) -> PathBuf {
    std::path::absolute(folder.dir()).unwrap_or_else(|_| folder.dir().to_owned())
}

/// The file, in which the data folder stands by its whole path: the environment of a session is not that of a terminal.
#[cfg(target_os = "linux")]
fn entry(program: &Path, dir: &Path) -> String {
    let (program, argument) = (quoted(program), quoted(dir));
    format!(
        "[Desktop Entry]\nType=Application\nName=Vitalog\nComment=Receives from phones\nExec={program} --data-dir {argument} \
         open --hidden\nIcon=vitalog\nTerminal=false\nX-GNOME-Autostart-enabled=true\n{OF}{}\n",
        escaped(&dir.to_string_lossy())
    )
}

/// An argument of a command there: in quotes, in which some signs are escaped, and what is so is a text once more.
#[cfg(target_os = "linux")]
fn quoted(path: &Path) -> String {
    let mut out = String::new();
    for c in path.to_string_lossy().chars() {
        match c {
            '"' | '`' | '$' | '\\' => out.extend(['\\', c]),
            '%' => out.push_str("%%"),
            c => out.push(c),
        }
    }
    format!("\"{}\"", escaped(&out))
}

/// A text of such a file, of which each has one line.
#[cfg(target_os = "linux")]
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
}

#[cfg(not(target_os = "linux"))]
impl Login {
    /// Whether the window starts for any data folder: that is all that is known there.
    pub fn is_on(&self, folder: &Folder) -> bool {
        self.0.is_some() && launch(folder).is_some_and(|launch| launch.is_enabled().unwrap_or(false))
    }

    /// Starts it from now on, or no more.
    pub fn set(&self, folder: &Folder, on: bool) -> Result<()> {
        let Some(launch) = launch(folder).filter(|_| self.0.is_some()) else { return Ok(()) };
        let done = if on { launch.enable() } else { launch.disable() };
        done.map_err(|error| std::io::Error::other(error.to_string()).into())
    }
}

#[cfg(not(target_os = "linux"))]
fn launch(folder: &Folder) -> Option<auto_launch::AutoLaunch> {
    let program = program().ok()?;
    let dir = absolute(folder);
    auto_launch::AutoLaunchBuilder::new()
        .set_app_name("Vitalog")
        .set_app_path(program.to_str()?)
        .set_use_launch_agent(true)
        .set_args(&["--data-dir", dir.to_str()?, "open", "--hidden"])
        .build()
        .ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("vitalog-login-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&dir);
            Self(dir)
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn it_is_switched_on_and_off_for_one_data_folder() {
        let place = Place::new("switched");
        let login = Login::at(place.0.clone());
        let (kim, ada) = (Folder::at("/data/kim"), Folder::at("/data/ada"));
        assert!(!login.is_on(&kim) && !place.0.exists());
        login.set(&kim, false).expect("nothing to do");
        login.set(&kim, true).expect("on");
        assert_eq!((login.is_on(&kim), login.is_on(&ada)), (true, false));
        login.set(&ada, false).expect("somebody else's");
        assert!(login.is_on(&kim));
        login.set(&ada, true).expect("on");
        assert_eq!((login.is_on(&kim), login.is_on(&ada)), (false, true));
        login.set(&ada, false).expect("off");
        assert_eq!(std::fs::read_dir(&place.0).expect("a folder").count(), 0);
        assert!(!Login::default().is_possible());
        Login::default().set(&kim, true).expect("nowhere to write");
    }

    #[test]
    fn the_entry_is_as_the_specification_wants_it() {
        let text = entry(Path::new("/opt/my app/vitalog"), Path::new("/data/50% \"$x\"\\y"));
        let exec = r#"Exec="/opt/my app/vitalog" --data-dir "/data/50%% \\"\\$x\\"\\\\y" open --hidden"#;
        assert!(text.lines().any(|line| line == exec), "{text}");
        assert!(is_of(&text, &Folder::at("/data/50% \"$x\"\\y")));
        let text = entry(Path::new("/v"), Path::new("/data/a\nExec=evil"));
        assert_eq!(text.lines().filter(|line| line.starts_with("Exec=")).count(), 1, "{text}");
        assert!(is_of(&text, &Folder::at("/data/a\nExec=evil")) && !is_of(&text, &Folder::at("/data/a")));
    }

    #[test]
    fn the_place_is_where_sessions_look() {
        let find = |set: Option<&str>| {
            Login::find(|name| match name {
                "XDG_CONFIG_HOME" => set.map(PathBuf::from),
                _ => Some("/people/kim".into()),
            })
        };
        assert_eq!(find(None).0, Some("/people/kim/.config/autostart".into()));
        assert_eq!(find(Some("/conf")).0, Some("/conf/autostart".into()));
        assert_eq!(find(Some("conf")).0, Some("/people/kim/.config/autostart".into()));
    }
}
