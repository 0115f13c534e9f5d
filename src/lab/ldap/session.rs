//! One connection's conversation: each request in, its answers out. Knows nothing of sockets.

use super::bind::{Account, Who, bind, down_level};
use super::controls::{Controls, page_answer};
use super::forest::Forest;
use super::paging::Cursors;
use super::refusal::{Outcome, Refusal};
use super::root_dse::{START_TLS, WHO_AM_I};
use super::{add, compare, delete, mishap, modify, modify_dn, search};
use crate::lab::faults::{Faults, LdapFault};
use crate::lab::manners::Manners;
use crate::lab::shared::SharedWorld;
use crate::lab::world::World;
use rasn_ldap::{
    AddResponse, BindRequest, BindResponse, CompareResponse, DelResponse, ExtendedRequest, ExtendedResponse,
    LdapMessage, LdapResult, ModifyDnResponse, ModifyResponse, ProtocolOp, ResultCode, SearchRequest,
    SearchRequestScope, SearchResultDone, SearchResultReference,
};
use std::sync::Arc;

/// The unsolicited "Notice of Disconnection" (RFC 4511 section 4.4.1).
const DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";

/// What all connections share.
#[derive(Debug)]
pub struct Directory {
    /// The world that is served.
    pub world: SharedWorld,
    /// Who can bind.
    pub account: Account,
    /// Whether a simple bind needs an encrypted connection.
    pub require_encryption: bool,
    /// What goes wrong.
    pub faults: Faults,
    /// How it serves.
    pub manners: Manners,
}

/// What a connection does after a request.
#[derive(Debug)]
pub enum Next {
    /// Sends these answers and reads on.
    Reply(Vec<LdapMessage>),
    /// Sends this answer and then starts TLS.
    StartTls(LdapMessage),
    /// Sends these answers and closes.
    Close(Vec<LdapMessage>),
    /// Sends these answers and is gone without a word, as a server that dies.
    Cut(Vec<LdapMessage>),
}

/// The state of a conversation.
#[derive(Debug)]
pub struct Session {
    directory: Arc<Directory>,
    who: Who,
    encrypted: bool,
    cursors: Cursors,
}

fn success() -> LdapResult {
    LdapResult::new(ResultCode::Success, "".into(), "".into())
}

fn result(outcome: Outcome) -> LdapResult {
    outcome.map_or_else(|refusal| refusal.to_result(), |()| success())
}

fn extended(outcome: Outcome, name: Option<&str>, value: Option<String>) -> ProtocolOp {
    let result = result(outcome);
    ProtocolOp::ExtendedResp(ExtendedResponse {
        result_code: result.result_code,
        matched_dn: result.matched_dn,
        diagnostic_message: result.diagnostic_message,
        referral: result.referral,
        response_name: name.map(|name| name.as_bytes().into()),
        response_value: value.map(|value| value.into_bytes().into()),
    })
}

/// The message with which the server ends a conversation that makes no sense to it.
pub fn notice_of_disconnection(reason: &str) -> LdapMessage {
    LdapMessage::new(0, extended(Err(Refusal::protocol(reason)), Some(DISCONNECTION), None))
}

impl Session {
    /// A new conversation.
    pub fn new(directory: Arc<Directory>, encrypted: bool) -> Self {
        Self { directory, who: Who::default(), encrypted, cursors: Cursors::default() }
    }

    /// The connection is encrypted from now on.
    pub fn now_encrypted(&mut self) {
        self.encrypted = true;
    }

    /// How the server serves.
    pub fn manners(&self) -> &Manners {
        &self.directory.manners
    }

    /// Whether a request may take so long to answer that others should not wait for it.
    pub fn may_take_long(message: &LdapMessage) -> bool {
        let ProtocolOp::SearchRequest(request) = &message.protocol_op else { return false };
        request.scope != SearchRequestScope::BaseObject
    }

    /// Answers a request, if nothing goes wrong with it, and counts it.
    pub fn answer(&mut self, message: LdapMessage) -> Next {
        let (searches, writes) = match &message.protocol_op {
            ProtocolOp::SearchRequest(_) => (1, 0),
            ProtocolOp::ModifyRequest(_)
            | ProtocolOp::ModDnRequest(_)
            | ProtocolOp::AddRequest(_)
            | ProtocolOp::DelRequest(_) => (0, 1),
            _ => (0, 0),
        };
        let next = self.respond(message);
        let is_entry = |message: &&LdapMessage| matches!(message.protocol_op, ProtocolOp::SearchResEntry(_));
        let entries = match &next {
            Next::Reply(messages) | Next::Cut(messages) => messages.iter().filter(is_entry).count(),
            Next::StartTls(_) | Next::Close(_) => 0,
        };
        self.directory.manners.usage.count(|all| {
            all.ldap.requests += 1;
            all.ldap.searches += searches;
            all.ldap.entries += entries as u64;
            all.ldap.writes += writes;
        });
        next
    }

    fn respond(&mut self, message: LdapMessage) -> Next {
        let operation = &message.protocol_op;
        let Some(fault) = mishap::asked(operation).and_then(|asked| self.directory.faults.ldap(&asked)) else {
            return self.serve(message);
        };
        let id = message.message_id;
        let refused = mishap::refusal(fault).and_then(|refusal| mishap::refused(operation, &refusal));
        let refused = refused.map(|op| LdapMessage::new(id, op));
        let done = match fault {
            LdapFault::CutBefore | LdapFault::Busy | LdapFault::Unavailable | LdapFault::Outage => Vec::new(),
            LdapFault::CutAfter | LdapFault::TimeLimit | LdapFault::SizeLimit | LdapFault::AdminLimit => {
                match self.serve(message) {
                    Next::Reply(answers) => mishap::first_half(answers),
                    other => return other,
                }
            }
        };
        match refused {
            None => Next::Cut(done),
            Some(refused) => {
                if matches!(refused.protocol_op, ProtocolOp::BindResponse(_)) {
                    // A bind that fails leaves the connection anonymous (RFC 4513 section 4).
                    self.who = Who::Anonymous;
                }
                Next::Reply(done.into_iter().chain([refused]).collect())
            }
        }
    }

    /// Answers a request.
    fn serve(&mut self, message: LdapMessage) -> Next {
        let id = message.message_id;
        let one = |op| Next::Reply(vec![LdapMessage::new(id, op)]);
        let controls = Controls::read(message.controls.as_deref().unwrap_or_default());
        match message.protocol_op {
            ProtocolOp::BindRequest(request) => one(self.bind(&request, controls)),
            ProtocolOp::UnbindRequest(_) => Next::Close(Vec::new()),
            // Requests are answered one after the other, so there is never one left to abandon.
            ProtocolOp::AbandonRequest(_) => Next::Reply(Vec::new()),
            ProtocolOp::SearchRequest(request) => Next::Reply(self.search(id, &request, controls)),
            ProtocolOp::ModifyRequest(request) => {
                let outcome = self.write(controls, |world, controls| modify::modify(world, &request, controls));
                one(ProtocolOp::ModifyResponse(ModifyResponse(result(outcome))))
            }
            ProtocolOp::AddRequest(request) => {
                let outcome = self.write(controls, |world, _| add::add(world, &request));
                one(ProtocolOp::AddResponse(AddResponse(result(outcome))))
            }
            ProtocolOp::DelRequest(request) => {
                let outcome = self.write(controls, |world, controls| delete::delete(world, &request, controls));
                one(ProtocolOp::DelResponse(DelResponse(result(outcome))))
            }
            ProtocolOp::ModDnRequest(request) => {
                let outcome = self.write(controls, |world, _| modify_dn::modify_dn(world, &request));
                one(ProtocolOp::ModDnResponse(ModifyDnResponse(result(outcome))))
            }
            ProtocolOp::CompareRequest(request) => {
                let outcome = controls
                    .and_then(|_| self.needs_bind())
                    .and_then(|()| self.directory.world.read(|world| compare::compare(&Forest::of(world), &request)));
                let result = match outcome {
                    Ok(code) => LdapResult::new(code, "".into(), "".into()),
                    Err(refusal) => refusal.to_result(),
                };
                one(ProtocolOp::CompareResponse(CompareResponse(result)))
            }
            ProtocolOp::ExtendedReq(request) => self.extended(id, &request, controls),
            _ => Next::Close(vec![notice_of_disconnection("A client sends requests, not answers")]),
        }
    }

    fn needs_bind(&self) -> Outcome {
        match self.who {
            Who::Account => Ok(()),
            Who::Anonymous => Err(Refusal::not_bound()),
        }
    }

    fn bind(&mut self, request: &BindRequest, controls: Outcome<Controls>) -> ProtocolOp {
        let Directory { world, account, require_encryption, .. } = &*self.directory;
        let needs_encryption = *require_encryption && !self.encrypted;
        let outcome = controls.and_then(|_| world.read(|world| bind(world, account, request, needs_encryption)));
        self.who = *outcome.as_ref().unwrap_or(&Who::Anonymous);
        self.cursors = Cursors::default();
        let LdapResult { result_code, matched_dn, diagnostic_message, .. } = result(outcome.map(|_| ()));
        ProtocolOp::BindResponse(BindResponse::new(result_code, matched_dn, diagnostic_message, None, None))
    }

    fn search(&mut self, id: u32, request: &SearchRequest, controls: Outcome<Controls>) -> Vec<LdapMessage> {
        let bound = if search::is_for_root_dse(request) { Ok(()) } else { self.needs_bind() };
        let cursors = &mut self.cursors;
        let found = controls.and_then(|controls| bound.map(|()| controls)).and_then(|controls| {
            self.directory.world.read(|world| {
                let forest = Forest::of(world).with_deleted(controls.show_deleted);
                search::search(&forest, request, &controls, cursors)
            })
        });
        let done = |outcome| ProtocolOp::SearchResDone(SearchResultDone(result(outcome)));
        let found = match found {
            Ok(found) => found,
            Err(refusal) => return vec![LdapMessage::new(id, done(Err(refusal)))],
        };
        let entries = found.entries.into_iter().map(ProtocolOp::SearchResEntry);
        let references = found.references.into_iter();
        let references =
            references.map(|url| ProtocolOp::SearchResRef(SearchResultReference(vec![url.as_str().into()])));
        let mut messages: Vec<_> = entries.chain(references).map(|op| LdapMessage::new(id, op)).collect();
        let mut last = LdapMessage::new(id, done(found.end));
        last.controls = found.cookie.and_then(|cookie| page_answer(&cookie)).map(|control| vec![control]);
        messages.push(last);
        messages
    }

    /// A request that writes: all of it or nothing, saved before it is answered.
    fn write(&self, controls: Outcome<Controls>, change: impl FnOnce(&mut World, &Controls) -> Outcome) -> Outcome {
        let controls = controls?;
        self.needs_bind()?;
        let saved = self.directory.world.write(|world| change(world, &controls));
        saved.unwrap_or_else(|error| Err(Refusal::not_saved(&error)))
    }

    fn extended(&mut self, id: u32, request: &ExtendedRequest, controls: Outcome<Controls>) -> Next {
        let name = std::str::from_utf8(&request.request_name).unwrap_or_default();
        let reply = |op| Next::Reply(vec![LdapMessage::new(id, op)]);
        match (controls, name) {
            (Err(refusal), _) => reply(extended(Err(refusal), None, None)),
            (Ok(_), START_TLS) if self.encrypted => {
                reply(extended(Err(Refusal::already_encrypted()), Some(START_TLS), None))
            }
            (Ok(_), START_TLS) => Next::StartTls(LdapMessage::new(id, extended(Ok(()), Some(START_TLS), None))),
            (Ok(_), WHO_AM_I) => reply(extended(Ok(()), None, Some(self.who_am_i()))),
            (Ok(_), _) => reply(extended(Err(Refusal::protocol("Unknown extended request OID")), None, None)),
        }
    }

    /// The authorization identity (RFC 4532); empty for nobody.
    fn who_am_i(&self) -> String {
        match self.who {
            Who::Anonymous => String::new(),
            Who::Account => {
                let Directory { world, account, .. } = &*self.directory;
                world.read(|world| format!("u:{}", down_level(world, account)))
            }
        }
    }
}
