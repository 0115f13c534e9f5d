#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| matchplan::laws::written::lab_world(octets));
