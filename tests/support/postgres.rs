//! A real PostgreSQL server of the system's packages, in a folder of its own, which is gone after the test; and psql.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The password of `kim`, who may do everything there.
pub const PASSWORD: &str = "a pass/word: of kim";
/// The database that is there for the tests.
pub const DATABASE: &str = "health";

pub struct Postgres {
    dir: PathBuf,
    child: Option<Child>,
    pub port: u16,
}

impl Postgres {
    /// Makes a cluster and starts it. It encrypts with a certificate that nobody has signed.
    pub fn start(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("vitalog-postgres-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).expect("a folder");
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let mut server = Self { dir, child: None, port: 0 };
        fs::write(server.path("password"), PASSWORD).expect("written");
        server.certificate();
        server.hand_over();
        let data = server.text("data");
        let password = format!("--pwfile={}", server.text("password"));
        server.run(
            "initdb",
            &["-D", &data, "-U", "kim", "-A", "scram-sha-256", &password, "-E", "UTF8", "--locale=C", "-N"],
        );
        server.go_on();
        server.psql("postgres", &format!("CREATE DATABASE {DATABASE}"));
        server
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    fn certificate(&self) {
        let (key, certificate) = (self.text("key.pem"), self.text("cert.pem"));
        let arguments =
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days"];
        let more = ["30", "-subj", "/CN=nobody", "-keyout", &key, "-out", &certificate];
        let made = Command::new("openssl").args(arguments).args(more).output().expect("openssl runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    }

    /// SHA-256 of its certificate.
    pub fn fingerprint(&self) -> String {
        let certificate = self.text("cert.pem");
        let arguments = ["x509", "-in", &certificate, "-noout", "-fingerprint", "-sha256"];
        let told = Command::new("openssl").args(arguments).output().expect("openssl runs");
        let told = String::from_utf8(told.stdout).expect("UTF-8");
        told.trim().rsplit('=').next().expect("digits").replace(':', "").to_lowercase()
    }

    /// The server does not run as root; where we are, its files are nobody's.
    fn hand_over(&self) {
        if let Some((user, group)) = nobody() {
            let all = fs::read_dir(&self.dir).expect("a folder").map(|entry| entry.expect("an entry").path());
            for path in all.chain([self.dir.clone()]) {
                chown(&path, Some(user), Some(group)).expect("root may");
            }
        }
    }

    /// A program of the server's, as one who may run it.
    fn command(&self, program: &str) -> Command {
        let program = programs().join(program);
        let mut command = match nobody() {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={group}"))
                    .arg("--clear-groups")
                    .arg(program);
                command
            }
        };
        command.current_dir(&self.dir).env_remove("LANG").env("LC_ALL", "C");
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program).args(arguments).output().expect("it runs");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts it, on the same port as before; at first on a free one.
    pub fn go_on(&mut self) {
        for _ in 0..10 {
            if self.port == 0 {
                let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
                self.port = free.local_addr().expect("an address").port();
            }
            if self.try_to_start() {
                return;
            }
            // Somebody else was faster.
            self.port = 0;
        }
        panic!("the server does not start");
    }

    fn try_to_start(&mut self) -> bool {
        let mut command = self.command("postgres");
        let (data, key, certificate) = (self.text("data"), self.text("key.pem"), self.text("cert.pem"));
        command.args(["-D", &data, "-p", &self.port.to_string()]);
        let (key, certificate) = (format!("ssl_key_file={key}"), format!("ssl_cert_file={certificate}"));
        let settings =
            ["listen_addresses=127.0.0.1", "unix_socket_directories=", "ssl=on", &key, &certificate, "fsync=off"];
        settings.iter().for_each(|setting| {
            command.args(["-c", setting]);
        });
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut words = BufReader::new(child.stderr.take().expect("its words")).lines().map_while(Result::ok);
        let is_ready = words.any(|line| line.contains("ready to accept connections"));
        // What it says from now on is read, so that it never waits for that.
        std::thread::spawn(move || words.for_each(drop));
        if is_ready {
            self.child = Some(child);
        } else {
            let _ = child.wait();
        }
        is_ready
    }

    /// Ends it at once; transactions that are not over are undone.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        let _ = child.wait();
    }

    /// What psql, which is not ours, prints of a question: rows without heads.
    pub fn psql(&self, database: &str, question: &str) -> String {
        let output = self.ask(database, question).output().expect("psql runs");
        assert!(output.status.success(), "{question}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }

    /// psql about to ask.
    pub fn ask(&self, database: &str, question: &str) -> Command {
        let mut command = Command::new(programs().join("psql"));
        command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "kim", "-d", database]);
        command.args(["-p", &self.port.to_string(), "-c", question]);
        command.env("PGPASSWORD", PASSWORD).env("PGTZ", "UTC").env("PGCLIENTENCODING", "UTF8");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// The newest server of the system's packages; Debian and Ubuntu keep each version in a folder of its own.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.max_by_key(|entry| entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    newest.map(|entry| entry.path().join("bin")).expect("PostgreSQL is there: ./test installs it")
}

/// The number of `nobody` and of its group, where we are root.
fn nobody() -> Option<(u32, u32)> {
    let is_root = fs::metadata("/proc/self").expect("/proc").uid() == 0;
    is_root.then(|| {
        let number = |option: &str| {
            let told = Command::new("id").args([option, "nobody"]).output().expect("id runs").stdout;
            String::from_utf8_lossy(&told).trim().parse().expect("a number")
        };
        (number("-u"), number("-g"))
    })
}
