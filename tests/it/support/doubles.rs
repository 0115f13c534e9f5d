//! Doubles of what tests cannot wait for or look into: a clock that leaps, and a file in memory.

use jiff::{SignedDuration, Timestamp};
use matchplan::directory::port::Clock;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

/// A clock that stands still until somebody sleeps, and then leaps.
#[derive(Debug)]
pub struct LeapingClock {
    now: Mutex<Timestamp>,
    slept: Mutex<Vec<SignedDuration>>,
}

impl LeapingClock {
    pub fn at(now: &str) -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(now.parse().unwrap()), slept: Mutex::default() })
    }

    pub fn slept(&self) -> Vec<SignedDuration> {
        self.slept.lock().unwrap().clone()
    }

    pub fn advance(&self, time: SignedDuration) {
        *self.now.lock().unwrap() += time;
    }
}

impl Clock for LeapingClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    async fn sleep(&self, time: SignedDuration) {
        self.slept.lock().unwrap().push(time);
        self.advance(time);
    }
}

/// A file in memory.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Memory {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
