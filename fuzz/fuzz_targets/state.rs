#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| matchplan::laws::kept::state(octets));
