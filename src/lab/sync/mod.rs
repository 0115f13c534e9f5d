//! The simulated sync engine: an independent reading of Microsoft's documents on Entra Connect.
//!
//! It shares nouns with the planner and nothing else, so "the prediction is what the cycle did" is a real test. One
//! cycle is a function of what was imported from AD and of the world: [`cycle::cycle`].
//!
//! | module | what |
//! |---|---|
//! | [`view`] | what the engine imports from AD, wherever that AD is |
//! | [`scope`] | which users are synced at all |
//! | [`anchor`] | the source anchor: choosing it, writing it back, freezing it |
//! | [`matching`] | what a user that is new to the engine meets in the cloud |
//! | [`naming`] | which UPN a user gets in the cloud |
//! | [`flow`] | how AD's attributes reach a cloud user, and what is quarantined on the way |
//! | [`holders`] | mail-enabled groups and contacts |
//! | [`cycle`] | one complete run |
//! | [`report`] | what a run did, by Microsoft's names |
//! | [`ldap_source`] | importing from a real AD over LDAP |
//! | [`scheduler`] | when cycles run |
//!
//! Sources are named by the titles of Microsoft's pages: *existing tenant* ("Configure Microsoft Entra Connect for an
//! existing tenant", July 2026), *sync errors* ("Understanding errors during Microsoft Entra synchronization"), *service
//! features* ("Microsoft Entra Connect Sync service features"), *duplicate attributes* ("Identity synchronization and
//! duplicate attribute resiliency"), *design concepts* ("Microsoft Entra Connect: Design concepts"), *UPN population*
//! ("Microsoft Entra UserPrincipalName population"), *default configuration* ("Microsoft Entra Connect Sync:
//! Understanding the default configuration"), *recycle bin* ("Microsoft Entra Connect Sync: Enable AD recycle bin").

pub mod anchor;
pub mod cycle;
pub mod flow;
pub mod holders;
pub mod ldap_source;
pub mod matching;
pub mod naming;
pub mod profile;
pub mod report;
pub mod scheduler;
pub mod scope;
pub mod view;

#[cfg(test)]
mod tests;
