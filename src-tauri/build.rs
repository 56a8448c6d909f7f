//! Embeds the built page and the window's permissions. Does nothing without the feature `desktop`.

fn main() {
    #[cfg(feature = "desktop")]
    desktop();
}

#[cfg(feature = "desktop")]
fn desktop() {
    use std::fs;
    use std::path::Path;

    // A fresh checkout has no built page, and Tauri refuses a missing folder.
    let page = Path::new("ui/dist/index.html");
    if !page.exists() {
        fs::create_dir_all("ui/dist").expect("ui/dist can be made");
        fs::write(
            page,
            "<!doctype html><title>Vitalog</title><p>The window is not built yet. Run npm ci and npm run build in ui/.",
        )
        .expect("ui/dist can be written");
    }
    for path in ["ui/dist", "src-tauri/capabilities", "src-tauri/build.rs", "tauri.conf.json", "icons"] {
        println!("cargo:rerun-if-changed={path}");
    }
    let attributes = tauri_build::Attributes::new().capabilities_path_pattern("src-tauri/capabilities/*.json");
    tauri_build::try_build(attributes).expect("the window's configuration is sound");
}
