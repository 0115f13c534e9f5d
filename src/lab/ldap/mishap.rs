//! What goes wrong with a request: its name for [`crate::lab::faults`], and what is left of its answer.

use super::refusal::Refusal;
use super::search;
use crate::lab::faults::{LdapFault, Request as Asked, Sort};
use rasn_ldap::{
    AddResponse, BindResponse, CompareResponse, DelResponse, LdapMessage, LdapResult, ModifyDnResponse, ModifyResponse,
    ProtocolOp, SearchResultDone,
};

/// The request as faults know it; `None` for those that never fail: StartTLS, and what has no answer.
///
/// Its content is hashed in DER, which sorts sets: a client may send the values of an attribute in any order. A bind is
/// known by its name alone, as the password is a new one with each start.
pub fn asked(operation: &ProtocolOp) -> Option<Asked> {
    let (sort, shown) = match operation {
        ProtocolOp::BindRequest(request) => {
            return Some(Asked::new(Sort::SignIn, format!("bind {}", request.name.as_str()), &[]));
        }
        ProtocolOp::SearchRequest(request) if search::is_for_root_dse(request) => {
            (Sort::SignIn, "search for the rootDSE".to_owned())
        }
        ProtocolOp::SearchRequest(request) => (Sort::Read, format!("search {}", request.base_object.as_str())),
        ProtocolOp::CompareRequest(request) => (Sort::Read, format!("compare {}", request.entry.as_str())),
        ProtocolOp::ModifyRequest(request) => (Sort::Write, format!("modify {}", request.object.as_str())),
        ProtocolOp::AddRequest(request) => (Sort::Write, format!("add {}", request.entry.as_str())),
        ProtocolOp::DelRequest(request) => (Sort::Write, format!("delete {}", request.0.as_str())),
        ProtocolOp::ModDnRequest(request) => (Sort::Write, format!("rename {}", request.entry.as_str())),
        _ => return None,
    };
    Some(Asked::new(sort, shown, &rasn::der::encode(operation).unwrap_or_default()))
}

/// The words for a fault that refuses a request; `None` for those that cut the connection.
pub fn refusal(fault: LdapFault) -> Option<Refusal> {
    Some(match fault {
        LdapFault::CutBefore | LdapFault::CutAfter => return None,
        LdapFault::Busy => Refusal::busy(),
        LdapFault::Unavailable | LdapFault::Outage => Refusal::unavailable(),
        LdapFault::TimeLimit => Refusal::time_limit(),
        LdapFault::SizeLimit => Refusal::size_limit(),
        LdapFault::AdminLimit => Refusal::admin_limit(),
    })
}

/// The answer to `operation` that refuses it; `None` if it has no answer.
pub fn refused(operation: &ProtocolOp, refusal: &Refusal) -> Option<ProtocolOp> {
    let result = refusal.to_result();
    Some(match operation {
        ProtocolOp::BindRequest(_) => {
            let LdapResult { result_code, matched_dn, diagnostic_message, .. } = result;
            ProtocolOp::BindResponse(BindResponse::new(result_code, matched_dn, diagnostic_message, None, None))
        }
        ProtocolOp::SearchRequest(_) => ProtocolOp::SearchResDone(SearchResultDone(result)),
        ProtocolOp::CompareRequest(_) => ProtocolOp::CompareResponse(CompareResponse(result)),
        ProtocolOp::ModifyRequest(_) => ProtocolOp::ModifyResponse(ModifyResponse(result)),
        ProtocolOp::AddRequest(_) => ProtocolOp::AddResponse(AddResponse(result)),
        ProtocolOp::DelRequest(_) => ProtocolOp::DelResponse(DelResponse(result)),
        ProtocolOp::ModDnRequest(_) => ProtocolOp::ModDnResponse(ModifyDnResponse(result)),
        _ => return None,
    })
}

/// The first half of the entries of an answer, without its end.
pub fn first_half(mut answer: Vec<LdapMessage>) -> Vec<LdapMessage> {
    let is_entry = |message: &LdapMessage| matches!(message.protocol_op, ProtocolOp::SearchResEntry(_));
    let entries = answer.iter().take_while(|message| is_entry(message)).count();
    answer.truncate(entries / 2);
    answer
}
