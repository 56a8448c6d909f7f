//! The app's two faces: the command line and the window. Both are thin; the work is in the `app` crate.
