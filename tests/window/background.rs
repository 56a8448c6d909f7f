//! Closing a window that receives, where receiving is to go on: it is hidden, and the next start shows it again.

use std::net::TcpStream;

use super::phones::{for_this_computer_alone, turn_on};
use super::*;
use crate::request::Request;

/// Closes the window as somebody does with the button in its corner: the program is asked, not killed.
const CLOSE: &str = "import ctypes, sys
x = ctypes.CDLL('libX11.so.6')
class Message(ctypes.Structure):
    _fields_ = [('type', ctypes.c_int), ('serial', ctypes.c_ulong), ('send_event', ctypes.c_int), ('display', ctypes.c_void_p),
        ('window', ctypes.c_ulong), ('message_type', ctypes.c_ulong), ('format', ctypes.c_int), ('data', ctypes.c_long * 5), ('pad', ctypes.c_long * 24)]
x.XOpenDisplay.restype = ctypes.c_void_p
x.XInternAtom.restype = ctypes.c_ulong
display = ctypes.c_void_p(x.XOpenDisplay(None))
atom = lambda name: x.XInternAtom(display, name, 0)
message = Message(33, 0, 1, display, int(sys.argv[1]), atom(b'WM_PROTOCOLS'), 32)
message.data[0] = atom(b'WM_DELETE_WINDOW')
x.XSendEvent(display, ctypes.c_ulong(int(sys.argv[1])), 0, 0, ctypes.byref(message))
x.XSync(display, 0)";

/// The number of the window while somebody can see it.
fn seen(window: &Window) -> Option<String> {
    let found = window.on_screen(Command::new("xdotool").args(["search", "--onlyvisible", "--name", "^Vitalog$"]));
    String::from_utf8_lossy(&found.stdout).lines().next().map(str::to_owned)
}

fn close(window: &Window) {
    let number = window.wait_for("the window", || seen(window));
    let done = window.on_screen(Command::new(system_python()).args(["-c", CLOSE, &number]));
    assert!(done.status.success(), "{done:?}");
}

fn choose(window: &Window, nth: usize, value: &str) {
    let select = format!("document.querySelectorAll('[data-testid=background] select')[{nth}]");
    window.wait("the switch", &format!("return {select} !== undefined"));
    window.run(&format!(
        "const it = {select}; it.value = '{value}'; it.dispatchEvent(new Event('change', {{bubbles: true}})); return 1"
    ));
}

#[test]
fn a_window_that_receives_is_hidden_when_it_is_closed_and_comes_back() {
    let window = Window::open(PROGRAM, &Start { args: &["open"], ..Start::default() });
    for_this_computer_alone(&window.data());
    let port = turn_on(&window);
    visit(&window, "#/settings");
    choose(&window, 0, "true");
    window.wait_for("the setting", || {
        let asked = Command::new(PROGRAM)
            .arg("--data-dir")
            .arg(window.data())
            .args(["settings", "receiver_background"])
            .output();
        String::from_utf8_lossy(&asked.ok()?.stdout).contains("yes").then_some(())
    });
    // No desktop is there that could show an icon.
    let told =
        "return document.querySelector('[data-testid=background]')?.innerText.includes('This desktop shows no icon')";
    window.wait("what the switch means here", told);
    window.run("document.querySelector('[data-testid=background]').scrollIntoView({block: 'center'}); return 1");
    keep(&window, "settings-background.png");
    close(&window);
    window.wait_for("nothing to see", || seen(&window).is_none().then_some(()));
    assert_eq!(Request::new("GET", "/").send(port).status, 200, "phones come all the same");
    // Hidden, as at the start of a session, it stays so where it is there already.
    let start = |arguments: &[&str]| {
        let mut again = Command::new(PROGRAM);
        let again = again.arg("--data-dir").arg(window.data()).args(arguments);
        window.on_screen(again).status.code()
    };
    assert_eq!((start(&["open", "--hidden"]), seen(&window)), (Some(3), None));
    assert_eq!(start(&["open"]), Some(0));
    window.wait_for("the window again", || seen(&window));
    // Without a receiver there is nothing to go on with.
    visit(&window, "#/phone");
    window.click(".page-head .button");
    window.wait_for("the end of receiving", || TcpStream::connect(("127.0.0.1", port)).is_err().then_some(()));
    close(&window);
    let lock = std::fs::File::open(window.data().join("window/lock")).unwrap();
    window.wait_for("the end of the program", || lock.try_lock_shared().ok());
    assert_eq!(start(&["open", "--hidden"]), Some(3), "nothing is to go on");
}
