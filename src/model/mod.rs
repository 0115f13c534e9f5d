//! The nouns: ids, attributes, users, roles, the tenant.
//!
//! Pure data. Nothing in here reads a clock, a file or the network, and it imports nothing else of this crate, so
//! every other room (the planner, the adapters and the lab's independent sync engine alike) can share it.
//!
//! | module | what |
//! |---|---|
//! | [`id`] | newtypes of ids: an [`id::ObjectId`] cannot be passed where an [`id::AdGuid`] belongs |
//! | [`anchor`] | the source anchor / ImmutableID and its five spellings |
//! | [`dn`] | distinguished names: parse, compare, parent, re-parent |
//! | [`name`] | UPN and sAMAccountName, which compare without case |
//! | [`address`] | `proxyAddresses` values and sets of them |
//! | [`attribute`] | one attribute's change: what a write expects and sets |
//! | [`cloud`] | what is changed of a cloud user and of the tenant's sync |
//! | [`ad`], [`entra`] | the two users, and what else can hold an address |
//! | [`mod@reference`] | a stable id with a readable name, as plans and states name objects |
//! | [`profile`] | the attributes that describe a person, on both sides |
//! | [`recipient`] | what else can hold an address: objects of AD, recipients of Exchange |
//! | [`role`] | who holds which directory role, how, until when; what PIM asks of whoever assigns it |
//! | [`holder`] | who holds the lock |
//! | [`granted`] | what a credential's token carries |
//! | [`tenant`] | domains, sync features, last sync |
//! | [`texts`] | several texts in one allocation |
//! | [`size`] | how large an input may be |
//! | [`visible`] | characters that a terminal would obey, made visible |
//! | [`digest`], [`sealed`] | canonical JSON and its SHA-256; files that carry it |

pub mod ad;
pub mod address;
pub mod anchor;
pub mod attribute;
pub mod cloud;
pub mod digest;
pub mod dn;
pub mod entra;
pub mod granted;
pub mod holder;
pub mod id;
pub mod name;
pub mod profile;
pub mod recipient;
pub mod reference;
pub mod role;
pub mod sealed;
pub mod size;
pub mod tenant;
pub mod texts;
pub mod visible;
