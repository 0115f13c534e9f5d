//! From a request to its answer: conditions, token, route, permission, handler.

use super::answer::{Answer, Refusal, Trace};
use super::batch::Served;
use super::conditions::Conditions;
use super::delta::{self, Deltas};
use super::request::Request;
use super::route::{Operation, resolve};
use super::throttle::{Caller, Notice, Throttle, cost};
use super::tokens::{Standing, Tokens};
use super::users::derived_uuid;
use super::{
    batch, conditional_access, deleted, directory_object, directory_sync, groups, holders, on_demand, permission, pim,
    role_assignment, roles, tenant, user_patch, users,
};
use crate::lab::shared::SharedWorld;
use crate::lab::world::World;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use uuid::Uuid;

/// The Graph service over one world.
#[derive(Debug)]
pub struct Graph {
    /// The world.
    pub world: SharedWorld,
    /// The tokens it accepts.
    pub tokens: Tokens,
    /// The limits that it keeps.
    pub throttle: Throttle,
    /// What the service is like today.
    pub conditions: Conditions,
    /// What clients that ask for changes were told.
    pub deltas: Deltas,
    /// The limit on provisioning on demand.
    pub on_demand: on_demand::Limit,
    /// Where it is, such as `http://127.0.0.1:4711`.
    pub root: String,
    /// How many requests it has seen.
    pub serial: AtomicU64,
}

impl Graph {
    /// The ids and the time for the next request. The ids are the same in every run with the same requests.
    pub fn trace(&self, client_request_id: Option<&str>) -> Trace {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let (tenant, date) = self.world.read(|w| (w.entra.tenant_id, w.clock));
        let request_id = derived_uuid(&format!("{tenant}/request/{serial}"));
        let client_request_id = client_request_id.and_then(|id| Uuid::try_parse(id).ok()).unwrap_or(request_id);
        Trace { request_id, client_request_id, date }
    }

    /// Answers a request that came over HTTP, and says what it cost.
    pub fn answer(&self, request: &Request) -> (Answer, Notice) {
        let application = match self.authenticate(request) {
            Ok(application) => application,
            Err(refusal) => return (Err(refusal), Notice::default()),
        };
        match resolve(&request.method, &request.segments) {
            Ok(Operation::Batch) => (self.batch(request, application), Notice::default()),
            operation => self.charged(operation, request, application, false),
        }
    }

    fn batch(&self, request: &Request, application: Uuid) -> Answer {
        batch::answer(request, |item| {
            let trace = self.trace(item.header("client-request-id"));
            let item = Request { trace, ..item.clone() };
            let (answer, notice) = match self.conditions.admit(&item) {
                Ok(()) => self.charged(resolve(&item.method, &item.segments), &item, application, true),
                Err(refusal) => (Err(refusal), Notice::default()),
            };
            Served { answer, trace, notice }
        })
    }

    /// Answers a request if its application may still make it.
    fn charged(
        &self,
        operation: Result<Operation, Refusal>,
        request: &Request,
        application: Uuid,
        in_batch: bool,
    ) -> (Answer, Notice) {
        let caller = self.world.read(|world| Caller {
            application,
            tenant: world.entra.tenant_id.0,
            users: world.entra.users.len(),
            in_batch,
        });
        let (admitted, notice) = self.throttle.charge(cost::of(operation.as_ref().ok(), request), caller);
        let admitted = match &operation {
            Ok(Operation::ProvisionOnDemand(..)) => admitted.and_then(|()| self.on_demand.admit(Instant::now())),
            _ => admitted,
        };
        let answer = admitted.and(operation).and_then(|operation| self.run(&operation, request));
        (answer, notice)
    }

    /// The application that the request's token was given to.
    fn authenticate(&self, request: &Request) -> Result<Uuid, Refusal> {
        let header = request.header("authorization").unwrap_or_default();
        let bearer = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some(token) = bearer.map(|(_, token)| token.trim()).filter(|token| !token.is_empty()) else {
            return Err(Refusal::unauthenticated("Access token is empty."));
        };
        match self.tokens.standing(token) {
            Standing::Valid { application } => Ok(application),
            Standing::Expired => Err(Refusal::unauthenticated("Lifetime validation failed, the token is expired.")),
            Standing::Unknown => Err(Refusal::unauthenticated("Access token validation failure. Invalid signature.")),
        }
    }

    fn run(&self, operation: &Operation, request: &Request) -> Answer {
        let look = |world: &World| match permission::check(&world.entra.caller, operation, request) {
            Err(refusal) => Some(Err(refusal)),
            Ok(()) => read(operation, world, request, &self.deltas),
        };
        let seen = match self.conditions.replica(request) {
            Some(replica) => look(&replica),
            None => self.world.read(look),
        };
        if let Some(answer) = seen {
            return answer;
        }
        self.world
            .write(|world| {
                let before = self.conditions.before(world);
                let answer = write(operation, world, request);
                if let Some(before) = before.filter(|_| answer.is_ok()) {
                    self.conditions.wrote(request, before);
                }
                answer
            })
            .unwrap_or_else(|e| Err(Refusal::unavailable(format!("The lab's world could not be saved: {e}"))))
    }
}

/// The operations that only look at the world; `None` for those that change it.
fn read(operation: &Operation, world: &World, request: &Request, deltas: &Deltas) -> Option<Answer> {
    use Operation as Op;
    Some(match operation {
        Op::ListUsers => users::list(world, request),
        Op::CountUsers => users::count(world, request),
        Op::UsersDelta => delta::users(world, request, deltas),
        Op::GetUser(key) => users::get(world, request, key),
        Op::Me => users::me(world, request),
        Op::MemberOf(key) => users::member_of(world, request, key),
        Op::GetSyncBehavior(key) => users::sync_behavior(world, request, key),
        Op::ListGroups => groups::list(world, request),
        Op::CountGroups => groups::count(world, request),
        Op::GetGroup(id) => groups::get(world, request, id),
        Op::ListGroupHolders(id, access) => groups::list_holders(world, request, id, *access),
        Op::ListGroupAppRoles(id) => groups::list_app_roles(world, request, id),
        Op::GetDirectoryObject(id) => directory_object::get(world, request, id),
        Op::GetServicePrincipal(id) => directory_object::get_service_principal(world, request, id),
        Op::ListSyncJobs(principal) => on_demand::list_jobs(world, request, principal),
        Op::GetSyncSchema(principal, job) => on_demand::schema(world, request, principal, job),
        Op::ListContacts => holders::list_contacts(world, request),
        Op::CountContacts => holders::count_contacts(world, request),
        Op::GetContact(id) => holders::get_contact(world, request, id),
        Op::ListUnits => holders::list_units(world, request),
        Op::GetUnit(id) => holders::get_unit(world, request, id),
        Op::ListDeletedUsers => deleted::list(world, request),
        Op::CountDeletedUsers => deleted::count(world, request),
        Op::GetDeleted(id) => deleted::get(world, request, id),
        Op::ListOrganization => tenant::list_organization(world, request),
        Op::GetOrganization(id) => tenant::get_organization(world, request, id),
        Op::ListDomains => tenant::list_domains(world, request),
        Op::GetDomain(name) => tenant::get_domain(world, request, name),
        Op::ListDirectorySync => directory_sync::list(world, request),
        Op::GetDirectorySync(id) => directory_sync::get(world, request, id),
        Op::ListRoleAssignments => role_assignment::list(world, request),
        Op::GetRoleAssignment(id) => role_assignment::get(world, request, id),
        Op::ListRoleDefinitions => roles::list(world, request),
        Op::GetRoleDefinition(id) => roles::get(world, request, id),
        Op::ListSchedules(table, view) => pim::schedules::list(world, request, *table, *view),
        Op::GetSchedule(table, view, id) => pim::schedules::get(world, request, *table, *view, id),
        Op::ListScheduleRequests(_) => {
            pim::table::check_licence(world).and(Err(Refusal::not_in_the_lab("the list of past schedule requests")))
        }
        Op::ListGroupSchedules(table, view) => pim::groups::list(world, request, *table, *view),
        Op::ListPolicyAssignments => pim::policies::list(world, request),
        Op::GetPolicyAssignment(id) => pim::policies::get(world, request, id),
        Op::ListConditionalAccess => conditional_access::list(world, request),
        Op::GetConditionalAccess(id) => conditional_access::get(world, request, id),
        // A batch is taken apart before; one inside a batch was refused when it was read.
        Op::Batch => Err(Refusal::odata("A batch cannot contain a batch.")),
        Op::PatchUser(_)
        | Op::DeleteUser(_)
        | Op::PatchSyncBehavior(_)
        | Op::RestoreDeleted(_)
        | Op::PurgeDeleted(_)
        | Op::PatchDirectorySync(_)
        | Op::CreateRoleAssignment
        | Op::DeleteRoleAssignment(_)
        | Op::AddGroupMember(_)
        | Op::RemoveGroupMember(..)
        | Op::DeleteUnit(_)
        | Op::ProvisionOnDemand(..)
        | Op::RequestSchedule(_)
        | Op::RequestGroupSchedule(_) => return None,
    })
}

/// The operations that change the world.
fn write(operation: &Operation, world: &mut World, request: &Request) -> Answer {
    use Operation as Op;
    match operation {
        Op::PatchUser(key) => user_patch::patch(world, request, key),
        Op::PatchSyncBehavior(key) => users::set_sync_behavior(world, request, key),
        Op::DeleteUser(key) => deleted::delete(world, key),
        Op::RestoreDeleted(id) => deleted::restore(world, request, id),
        Op::PurgeDeleted(id) => deleted::purge(world, id),
        Op::PatchDirectorySync(id) => directory_sync::patch(world, request, id),
        Op::CreateRoleAssignment => role_assignment::create(world, request),
        Op::DeleteRoleAssignment(id) => role_assignment::delete(world, id),
        Op::AddGroupMember(id) => groups::add_member(world, request, id),
        Op::RemoveGroupMember(id, member) => groups::remove_member(world, id, member),
        Op::DeleteUnit(id) => holders::delete_unit(world, id),
        Op::ProvisionOnDemand(principal, job) => on_demand::provision(world, request, principal, job),
        Op::RequestSchedule(table) => pim::role_request::create(world, request, *table),
        Op::RequestGroupSchedule(table) => pim::group_request::create(world, request, *table),
        read_only => Err(Refusal::not_in_the_lab(&format!("writing by {read_only:?}"))),
    }
}
