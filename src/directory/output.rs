//! What a command prints, kept to a limit.

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How much of each output is kept, in octets; the rest is read and dropped.
pub const LARGEST_OUTPUT: u64 = 1 << 20;

/// The beginning of an output. All of it is read, or the command would stop at a full pipe; who calls this ends a command
/// that prints for ever by a limit of time.
pub async fn kept(output: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let Some(mut output) = output else { return Vec::new() };
    let mut octets = Vec::new();
    // What was read before an error is still the command's word.
    drop((&mut output).take(LARGEST_OUTPUT).read_to_end(&mut octets).await);
    drop(tokio::io::copy(&mut output, &mut tokio::io::sink()).await);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_than_the_limit_is_read_and_not_kept() {
        let long = tokio::io::repeat(b'x').take(LARGEST_OUTPUT * 3);
        assert_eq!(kept(Some(long)).await.len() as u64, LARGEST_OUTPUT);
        assert_eq!(kept(Some(&b"short"[..])).await, b"short");
    }
}
