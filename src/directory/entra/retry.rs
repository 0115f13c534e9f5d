//! When a request is sent again, and how long to wait before. Pure.
//!
//! Sources: Microsoft Graph, "Throttling guidance" (its own sample of `Retry-After` is fractional); RFC 9110 section
//! 10.2.3 (seconds or a date).

use jiff::{SignedDuration, Timestamp};

/// How often one request is sent again at most.
pub const MOST_RETRIES: u32 = 8;
/// How often after a broken connection.
pub const MOST_RECONNECTS: u32 = 2;
/// The longest wait that is accepted; a server that wants more is reported as busy.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(5);
/// The longest wait of our own choice.
const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_secs(32);

/// How long to wait before sending again after `status`, or `None` to give up. `retries` counts those already made.
///
/// 429 means that nothing was done, so that writes go again too; 503 and 504 leave that open, so that only reads do.
pub fn wait(status: u16, write: bool, retry_after: Option<SignedDuration>, retries: u32) -> Option<SignedDuration> {
    let again = match status {
        429 => true,
        503 | 504 => !write,
        _ => false,
    };
    let wait = retry_after.unwrap_or_else(|| backoff(retries));
    (again && retries < MOST_RETRIES && wait <= LONGEST_WAIT).then_some(wait)
}

/// 1 s, 2 s, 4 s … up to 32 s.
pub fn backoff(retries: u32) -> SignedDuration {
    SignedDuration::from_secs(1 << retries.min(5)).min(LONGEST_BACKOFF)
}

/// Reads `Retry-After`: seconds, whole or decimal, or an HTTP date (`now` is needed for that).
pub fn parse_retry_after(value: &str, now: Timestamp) -> Option<SignedDuration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return SignedDuration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_negative());
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(date.duration_since(now).max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_decimals_or_a_date() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let parse = |value| parse_retry_after(value, now);
        assert_eq!(parse("7"), Some(SignedDuration::from_secs(7)));
        assert_eq!(parse(" 2.128 "), Some(SignedDuration::from_millis(2128)));
        assert_eq!(parse("Sun, 22 Nov 2026 10:00:30 GMT"), Some(SignedDuration::from_secs(30)));
        assert_eq!(parse("Sun, 22 Nov 2026 09:00:30 GMT"), Some(SignedDuration::ZERO));
        for nonsense in ["-1", "NaN", "inf", "1e300", "soon", ""] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn only_what_was_certainly_not_done_is_written_again() {
        let second = Some(SignedDuration::from_secs(1));
        assert_eq!(wait(429, true, None, 0), second);
        assert_eq!(wait(503, true, None, 0), None);
        assert_eq!(wait(503, false, None, 0), second);
        assert_eq!(wait(500, false, None, 0), None);
        assert_eq!(wait(429, false, None, MOST_RETRIES), None);
        assert_eq!(wait(429, false, Some(SignedDuration::from_mins(6)), 0), None);
        assert_eq!(wait(429, false, None, 7), Some(SignedDuration::from_secs(32)));
    }
}
