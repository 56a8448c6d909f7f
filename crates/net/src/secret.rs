//! Codes and tokens: how they are made, kept as hashes and compared.

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use health::digest::sha256;
use health::formats::open_wearables::answers::{self, CODE_ALPHABET, CODE_LENGTH};
use store::peers::Hash;
use subtle::ConstantTimeEq as _;

use crate::error::{ErrorKind, Result};

/// What every token begins with, so that people and scanners recognise one.
const PREFIX: &str = "hi_";
/// Letters of tokens and long codes: 130 bits.
pub(crate) const LONG: usize = 26;
/// Letters of codes for typing: 40 bits.
pub(crate) const SHORT: usize = CODE_LENGTH;
/// Bytes of a salt.
const SALT: usize = 16;
/// Memory, rounds and length of the slow hash: about 20 ms, and 19 MiB for each guess.
const SLOW: (u32, u32, usize) = (19 * 1024, 2, 32);

/// Where slow hashes are made, one after the other: threads that each took such memory would not give it back.
static WORKSPACE: Mutex<Vec<Block>> = Mutex::new(Vec::new());

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| ErrorKind::NoRandom)?;
    Ok(bytes)
}

/// Random letters, none that look alike.
pub(crate) fn letters<const N: usize>() -> Result<String> {
    let alphabet = CODE_ALPHABET.as_bytes();
    // 32 letters: five bits of a byte are one, and all are equally likely.
    Ok(random::<N>()?.iter().map(|byte| char::from(alphabet[usize::from(byte & 31)])).collect())
}

/// A new token.
pub(crate) fn token() -> Result<String> {
    Ok(format!("{PREFIX}{}", letters::<LONG>()?))
}

/// A new salt.
pub(crate) fn salt() -> Result<[u8; SALT]> {
    random()
}

/// Four digits for both sides to show.
pub(crate) fn number() -> Result<String> {
    Ok(format!("{:04}", u32::from_be_bytes(random()?) % 10_000))
}

/// A new name that says nothing about anybody, in the form of a UUID.
pub(crate) fn user_id() -> Result<String> {
    let mut bytes = random::<16>()?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = health::digest::hex(&bytes);
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// A new name in the form of a UUID, for what a server is to know this installation by.
pub fn name() -> Result<String> {
    user_id()
}

/// A number from 0 to 1 that nobody can foresee.
pub fn chance() -> Result<f64> {
    Ok(f64::from(u32::from_be_bytes(random()?)) / f64::from(u32::MAX))
}

/// Eight hexadecimal digits.
pub(crate) fn short_id() -> Result<String> {
    Ok(health::digest::hex(&random::<4>()?))
}

/// The hash by which a long secret is kept.
pub(crate) fn hash(secret: &str) -> Hash {
    sha256(secret.as_bytes())
}

/// Compares in a time that says nothing about where two differ.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// The slow hash of a code that is short enough to be guessed.
pub(crate) fn slow(code: &str, salt: &[u8]) -> Result<Vec<u8>> {
    let (memory, rounds, length) = SLOW;
    let mut out = vec![0; length];
    let params = Params::new(memory, rounds, 1, Some(length)).map_err(|_| ErrorKind::NoRandom)?;
    let mut blocks = WORKSPACE.lock().unwrap_or_else(PoisonError::into_inner);
    blocks.resize(params.block_count(), Block::default());
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(code.as_bytes(), salt, &mut out, blocks.as_mut_slice())
        .map_err(|_| ErrorKind::NoRandom)?;
    Ok(out)
}

/// A code as people type it, in capitals and without blanks; `None` of what has the form of no code.
pub(crate) fn typed(text: &str) -> Option<String> {
    answers::typed(text).filter(|code| [SHORT, LONG].contains(&code.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let tokens = [token().expect("random"), token().expect("random")];
        assert_ne!(tokens[0], tokens[1]);
        for token in tokens {
            let rest = token.strip_prefix(PREFIX).expect("the prefix");
            assert!(rest.len() == LONG && rest.chars().all(|c| CODE_ALPHABET.contains(c)), "{rest}");
        }
        let id = user_id().expect("random");
        assert!(id.parse::<health::phone::Uuid>().is_ok() && id == id.to_lowercase(), "{id}");
        assert_eq!(number().expect("random").len(), 4);
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(typed(text).as_deref(), expected, "{text}");
        check(" k7qx 2m9b ", Some("K7QX2M9B"));
        check("k7qx-2m9b", Some("K7QX2M9B"));
        check("ABCDEFGHJKLMNPQRSTUVWXYZ23", Some("ABCDEFGHJKLMNPQRSTUVWXYZ23"));
        for text in ["", "K7QX2M9", "K7QX2M9B2", "K7QX2M9O", "K7QX2M9ß", "../../ab"] {
            check(text, None);
        }
    }

    #[test]
    fn the_slow_hash_depends_on_code_and_salt() {
        let hash = |code, salt: &[u8]| slow(code, salt).expect("a hash");
        let one = hash("K7QX2M9B", &[1; 16]);
        assert!(same(&one, &hash("K7QX2M9B", &[1; 16])));
        assert!(!same(&one, &hash("K7QX2M9C", &[1; 16])) && !same(&one, &hash("K7QX2M9B", &[2; 16])));
    }
}
