//! LDAP messages on a stream of bytes: framing, decoding, encoding.
//!
//! `rasn-ldap` rather than `ldap3_proto`: it keeps filter values as octets (`objectGUID` filters are no text) and every
//! control as it was sent, and it limits the depth of nested filters by itself.

use rasn_ldap::LdapMessage;
use std::io::{Error, ErrorKind};
use tokio_util::bytes::{Buf as _, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

/// The longest message that is read (AD's MaxReceiveBuffer is 10 MiB).
pub const MAX_MESSAGE: usize = 8 * 1024 * 1024;

/// Cuts messages out of a stream. Memory grows with the bytes that have arrived, never with what a length promises.
#[derive(Clone, Copy, Debug, Default)]
pub struct LdapCodec;

fn invalid(reason: &str) -> Error {
    Error::new(ErrorKind::InvalidData, reason.to_owned())
}

/// The whole length of the first message, header included; `None` while its header is not complete.
///
/// A message is a SEQUENCE of definite length (RFC 4511 section 5.1).
fn message_length(bytes: &[u8]) -> Result<Option<usize>, Error> {
    let Some(&tag) = bytes.first() else { return Ok(None) };
    if tag != 0x30 {
        return Err(invalid("an LDAP message starts with the octet 0x30"));
    }
    let (header, length) = match bytes.get(1).copied() {
        None => return Ok(None),
        Some(short @ 0..=0x7f) => (2, usize::from(short)),
        Some(long @ 0x81..=0x84) => {
            let count = usize::from(long & 0x7f);
            let Some(octets) = bytes.get(2..2 + count) else { return Ok(None) };
            (2 + count, octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)))
        }
        Some(_) => return Err(invalid("the length of an LDAP message is definite and at most four octets long")),
    };
    if length > MAX_MESSAGE {
        return Err(invalid("the LDAP message is too long"));
    }
    Ok(Some(header + length))
}

impl Decoder for LdapCodec {
    type Item = LdapMessage;
    type Error = Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<LdapMessage>, Error> {
        let Some(length) = message_length(bytes)? else { return Ok(None) };
        let Some(message) = bytes.get(..length) else { return Ok(None) };
        let decoded = rasn::ber::decode(message).map_err(|error| invalid(&error.to_string()));
        bytes.advance(length);
        decoded.map(Some)
    }
}

impl Encoder<LdapMessage> for LdapCodec {
    type Error = Error;

    fn encode(&mut self, message: LdapMessage, to: &mut BytesMut) -> Result<(), Error> {
        let bytes = rasn::ber::encode(&message).map_err(|error| invalid(&error.to_string()))?;
        to.extend_from_slice(&bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rasn_ldap::{ProtocolOp, UnbindRequest};

    #[test]
    fn a_message_is_read_once_it_is_whole() {
        let mut sent = BytesMut::new();
        LdapCodec.encode(LdapMessage::new(7, ProtocolOp::UnbindRequest(UnbindRequest)), &mut sent).unwrap();
        let mut arrived = BytesMut::new();
        for octet in sent.iter().copied() {
            assert_eq!(LdapCodec.decode(&mut arrived).unwrap(), None);
            arrived.extend_from_slice(&[octet]);
        }
        assert_eq!(LdapCodec.decode(&mut arrived).unwrap().map(|message| message.message_id), Some(7));
        assert!(arrived.is_empty());
    }

    #[test]
    fn a_promise_of_too_many_bytes_is_refused_before_they_come() {
        assert!(message_length(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]).is_err());
        assert!(message_length(&[0x30, 0x80]).is_err(), "indefinite length");
        assert!(message_length(&[0x30, 0x88]).is_err());
        assert_eq!(message_length(&[0x30, 0x83, 0x80, 0, 0]).unwrap(), Some(MAX_MESSAGE + 5));
    }

    #[test]
    fn a_filter_nested_without_end_is_refused() {
        // Not(Not(…)) in a search request, each level a header of at most five octets.
        let mut filter = vec![0x87, 1, b'x'];
        for _ in 0..20_000 {
            let length = u32::try_from(filter.len()).unwrap().to_be_bytes();
            filter = [&[0xa2, 0x84], length.as_slice(), &filter].concat();
            if filter.len() > 60_000 {
                break;
            }
        }
        let wrap = |tag: u8, inner: &[u8]| {
            [&[tag, 0x84], u32::try_from(inner.len()).unwrap().to_be_bytes().as_slice(), inner].concat()
        };
        let head = [4, 0, 10, 1, 2, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0];
        let search = wrap(0x63, &[head.as_slice(), &filter, &[0x30, 0]].concat());
        let message = wrap(0x30, &[&[2, 1, 1], search.as_slice()].concat());
        assert!(LdapCodec.decode(&mut BytesMut::from(message.as_slice())).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, body: Vec<u8>) {
            let _ = LdapCodec.decode(&mut BytesMut::from(bytes.as_slice()));
            if let Ok(length @ 0..=0x7f) = u8::try_from(body.len()) {
                let framed = [&[0x30, length], body.as_slice()].concat();
                let _ = LdapCodec.decode(&mut BytesMut::from(framed.as_slice()));
            }
        }
    }
}
