//! The receiver over real HTTP, on a port of its own: what phones and strangers get.

mod client;
mod doors;
mod encrypted;
mod house;
mod pairing;
mod spooling;
mod vectors;
