//! The `device` text: `<<HKDevice: 0x301a4c6d0>, name:Apple Watch, ..., hardware:Watch6,1, software:10.1>`.
//! The pointer changes per record, so it is cut off before anything is compared.

/// Splits off the pointer of a device text as it stands in the file, so that equal devices have equal rests.
pub(super) fn raw_rest(raw: &str) -> &str {
    let rest = raw.strip_prefix("&lt;&lt;").or_else(|| raw.strip_prefix("<<")).unwrap_or(raw);
    let Some(rest) = rest.strip_prefix("HKDevice: 0x") else { return raw };
    let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
    rest.get(digits..).unwrap_or_default()
}

/// The canonical text of an unescaped device: without pointer and brackets. `None` where nothing is left.
pub(super) fn canonical(text: &str) -> Option<String> {
    let mut rest = text;
    if let Some(inside) = text.strip_prefix("<<HKDevice: ") {
        rest = inside.split_once('>').map_or("", |(_, after)| after);
        rest = rest.strip_suffix('>').unwrap_or(rest);
        rest = rest.trim_start_matches([',', ' ']);
    }
    (!rest.is_empty()).then(|| rest.to_owned())
}

/// The hardware such as `Watch7,5` in a canonical text.
pub(in crate::formats) fn hardware(canonical: &str) -> Option<&str> {
    const NEXT: [&str; 6] =
        [", software:", ", firmware:", ", localIdentifier:", ", UDIDeviceIdentifier:", ", creation date:", ", model:"];
    // A name may hold anything, so the last mention counts.
    let value = match canonical.rsplit_once(", hardware:") {
        Some((_, value)) => value,
        None => canonical.strip_prefix("hardware:")?,
    };
    let end = NEXT.iter().filter_map(|next| value.find(next)).min().unwrap_or(value.len());
    value.get(..end).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>, expected_hardware: Option<&str>) {
        let got = canonical(text);
        assert_eq!(got.as_deref(), expected);
        assert_eq!(got.as_deref().and_then(hardware), expected_hardware);
    }

    #[test]
    fn devices_lose_their_pointer() {
        check(
            "<<HKDevice: 0x301a4c6d0>, name:Apple Watch, model:Watch, hardware:Watch6,1, software:10.1>",
            Some("name:Apple Watch, model:Watch, hardware:Watch6,1, software:10.1"),
            Some("Watch6,1"),
        );
        check(
            "<<HKDevice: 0x1>, name:A, B, hardware:X, C, hardware:Phone1,2>",
            Some("name:A, B, hardware:X, C, hardware:Phone1,2"),
            Some("Phone1,2"),
        );
        check("<<HKDevice: 0x1>>", None, None);
        check("", None, None);
        check("Dummy device", Some("Dummy device"), None);
    }

    #[test]
    fn equal_devices_have_equal_rests() {
        let rest = raw_rest("&lt;&lt;HKDevice: 0x301a4c6d0&gt;, name:Watch&gt;");
        assert_eq!(rest, "&gt;, name:Watch&gt;");
        assert_eq!(rest, raw_rest("&lt;&lt;HKDevice: 0x2&gt;, name:Watch&gt;"));
        assert_eq!(raw_rest("other"), "other");
    }
}
