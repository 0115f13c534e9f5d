//! The site: the configured directories, connected, or the lab in their place.

use super::args::Global;
use super::error::CliError;
use super::executing::witness;
use super::secrets::AdAccess;
use super::terminal::Terminal;
use super::{locking, project, secrets};
use crate::config::read::{self, Config};
use crate::config::settings::{AdSettings, Settings};
use crate::directory::ad::connection::AdDomain;
use crate::directory::collect::Progress;
use crate::directory::connected::{Access, Directories};
use crate::directory::entra::trace::Trace;
use crate::directory::error::DirectoryError;
use crate::directory::port::{Clock, Provisioned, SyncEngine, SyncStatus, Triggered};
use crate::directory::reach::Reached;
use crate::directory::sync::SyncCommands;
use crate::model::dn::Dn;
use crate::model::id::ApplyId;
use crate::snapshot::document::Snapshot;
use crate::store::ledger;
use crate::store::lock::Lock;
use crate::store::paths::Paths;
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

#[cfg(feature = "lab")]
use super::lab::{self, LabSite};

/// What a command works with.
pub struct Site {
    /// The settings as they are written into plans.
    pub settings: Settings,
    /// The time.
    pub clock: Arc<SiteClock>,
    settings_name: String,
    settings_text: String,
    root: PathBuf,
    trace: Option<Arc<Trace>>,
    terminal: Terminal,
    #[cfg(feature = "lab")]
    lab: Option<LabSite>,
}

/// The time: real, fixed for reproducible output, or the lab's.
pub enum SiteClock {
    /// The machine's clock.
    Real,
    /// A fixed start; time passes only by sleeping, and then really.
    Fixed {
        /// Where it starts.
        start: Timestamp,
        /// Milliseconds slept since.
        slept: AtomicI64,
    },
    /// The lab's: sleeping moves the lab's clock on and takes no time.
    #[cfg(feature = "lab")]
    Lab(Arc<crate::lab::runtime::Lab>),
}

impl Clock for SiteClock {
    fn now(&self) -> Timestamp {
        match self {
            Self::Real => Timestamp::now(),
            Self::Fixed { start, slept } => {
                start.saturating_add(SignedDuration::from_millis(slept.load(Ordering::Relaxed))).unwrap_or(*start)
            }
            #[cfg(feature = "lab")]
            Self::Lab(lab) => lab.clock(),
        }
    }

    async fn sleep(&self, time: SignedDuration) {
        match self {
            Self::Real => tokio::time::sleep(time.unsigned_abs()).await,
            Self::Fixed { slept, .. } => {
                tokio::time::sleep(time.unsigned_abs()).await;
                slept.fetch_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
            }
            #[cfg(feature = "lab")]
            Self::Lab(lab) => {
                // A cycle that fails on the way says so in its report; time passes all the same.
                let _ = lab.advance(time).await;
            }
        }
    }

    async fn wait(&self, time: SignedDuration) -> bool {
        tokio::select! {
            biased;
            () = super::signals::stopping() => false,
            () = self.sleep(time) => true,
        }
    }
}

/// The sync engine of a site.
pub enum Engine<'a> {
    /// Through the configured commands.
    Configured(&'a Directories<SiteClock>),
    /// The lab's own.
    #[cfg(feature = "lab")]
    Lab(&'a crate::lab::runtime::Lab, &'a Directories<SiteClock>),
}

impl SyncEngine for Engine<'_> {
    async fn trigger(&self) -> Result<Triggered, DirectoryError> {
        match self {
            Self::Configured(directories) => directories.trigger().await,
            #[cfg(feature = "lab")]
            Self::Lab(lab, _) => lab::trigger(lab).await,
        }
    }

    async fn provision(&self, user: &Dn) -> Result<Provisioned, DirectoryError> {
        match self {
            Self::Configured(directories) => directories.provision(user).await,
            #[cfg(feature = "lab")]
            Self::Lab(_, directories) => directories.provision(user).await,
        }
    }

    async fn status(&self) -> Result<Option<SyncStatus>, DirectoryError> {
        match self {
            Self::Configured(directories) => directories.status().await,
            #[cfg(feature = "lab")]
            Self::Lab(lab, _) => Ok(Some(lab::status(lab))),
        }
    }

    async fn hold(&self) -> Result<(), DirectoryError> {
        match self {
            Self::Configured(directories) => directories.hold().await,
            #[cfg(feature = "lab")]
            Self::Lab(lab, _) => lab::enable(lab, false).await,
        }
    }

    async fn release(&self) -> Result<(), DirectoryError> {
        match self {
            Self::Configured(directories) => directories.release().await,
            #[cfg(feature = "lab")]
            Self::Lab(lab, _) => lab::enable(lab, true).await,
        }
    }
}

impl Drop for Site {
    /// A trace that is not whole must not pass for one.
    fn drop(&mut self) {
        if let Some(failure) = self.trace.as_ref().and_then(|trace| trace.failure()) {
            self.terminal.note(&format!("warning: the trace is not whole: {failure}"));
        }
    }
}

impl Site {
    /// For a command that only reads. Reads the settings; with `--lab`, starts a copy of the lab. Connects to nothing
    /// yet, and needs no lock.
    pub async fn open(global: &Global, terminal: Terminal) -> Result<Self, CliError> {
        #[cfg(feature = "lab")]
        return Self::open_with(global, terminal, lab::Use::Copy).await;
        #[cfg(not(feature = "lab"))]
        Self::open_with(global, terminal).await
    }

    /// For a command that writes: with the lock of the ledger, and with the lab itself. `command` is what others are told.
    pub async fn open_locked(global: &Global, command: &str, terminal: Terminal) -> Result<(Self, Lock), CliError> {
        #[cfg(feature = "lab")]
        if global.lab {
            // Before the world is read: what another one does to it meanwhile would be lost.
            let lock = locking::acquire(&Paths::of(Path::new(lab::STATE_FILE)), command, global)?;
            return Ok((Self::open_with(global, terminal, lab::Use::Kept).await?, lock));
        }
        let site = Self::open(global, terminal).await?;
        let lock = locking::acquire(&Paths::of(&site.state_file()), command, global)?;
        Ok((site, lock))
    }

    async fn open_with(
        global: &Global,
        terminal: Terminal,
        #[cfg(feature = "lab")] how: lab::Use,
    ) -> Result<Self, CliError> {
        let trace = global.trace.as_deref().map(open_trace).transpose()?;
        #[cfg(feature = "lab")]
        if global.lab {
            let (lab, text) = lab::open(global.clock, how).await?;
            let settings = project::settings((lab::SETTINGS_NAME, &text), terminal)?;
            return Ok(Self {
                settings,
                clock: Arc::new(SiteClock::Lab(Arc::clone(&lab.lab))),
                settings_name: lab::SETTINGS_NAME.to_owned(),
                settings_text: text,
                root: PathBuf::new(),
                trace,
                terminal,
                lab: Some(lab),
            });
        }
        #[cfg(not(feature = "lab"))]
        if global.lab {
            return Err(
                CliError::plain("This matchplan was built without the lab.").hint("Build it with --features lab.")
            );
        }
        let name = global.config.display().to_string();
        let root = global.config.parent().map(Path::to_path_buf).unwrap_or_default();
        let text = project::config_text(&global.config);
        let readable = text.as_ref().is_ok_and(|text| read::settings_from(&name, text).0.is_some());
        let kept = if readable { None } else { kept_settings(&root) };
        let settings = match kept {
            Some((apply, settings)) => {
                terminal.note(&format!(
                    "note: {name} cannot be used (`matchplan validate` says why). Apply {apply} is unfinished, so the settings \
                     that it began with count."
                ));
                settings
            }
            None => project::settings((&name, &project::config_text(&global.config)?), terminal)?,
        };
        Ok(Self {
            settings,
            clock: Arc::new(clock(global)),
            settings_name: name,
            settings_text: text.unwrap_or_default(),
            root,
            trace,
            terminal,
            #[cfg(feature = "lab")]
            lab: None,
        })
    }

    /// The configuration with these match plans.
    pub fn config(&self, plans: &[PathBuf], terminal: Terminal) -> Result<Config, CliError> {
        let read = project::read_all((&self.settings_name, &self.settings_text), plans)?;
        project::checked(read, terminal)
    }

    /// Whether there is a match plan: one that is named, or one beside the configuration.
    pub fn has_plans(&self, named: &[PathBuf]) -> bool {
        project::has_plans(named, Path::new(&self.settings_name))
    }

    /// Where the state file is.
    pub fn state_file(&self) -> PathBuf {
        self.root.join(&self.settings.state)
    }

    /// Connects to the directories, as these settings say: the current ones, or those of an interrupted apply.
    pub async fn connect(&self, settings: &Settings, terminal: Terminal) -> Result<Directories<SiteClock>, CliError> {
        #[cfg(feature = "lab")]
        let (settings, access) = match &self.lab {
            Some(lab) => lab.reach(settings)?,
            None => (settings.clone(), self.access(settings, terminal).await?),
        };
        #[cfg(not(feature = "lab"))]
        let (settings, access) = (settings.clone(), self.access(settings, terminal).await?);
        Ok(Directories::connect(&settings, access, Arc::clone(&self.clock), self.trace.clone()).await?)
    }

    /// Connects to each directory by itself; what does not answer is an answer.
    pub async fn reach(&self, terminal: Terminal) -> Result<Reached<SiteClock>, CliError> {
        #[cfg(feature = "lab")]
        let (settings, access) = match &self.lab {
            Some(lab) => lab.reach(&self.settings)?,
            None => (self.settings.clone(), self.access(&self.settings, terminal).await?),
        };
        #[cfg(not(feature = "lab"))]
        let (settings, access) = (self.settings.clone(), self.access(&self.settings, terminal).await?);
        Ok(Reached::connect(&settings, access, Arc::clone(&self.clock), self.trace.clone()).await)
    }

    /// What the sync engine says of itself; `None` if it is not asked.
    pub async fn engine_status(&self) -> Result<Option<SyncStatus>, DirectoryError> {
        #[cfg(feature = "lab")]
        if let Some(lab) = &self.lab {
            return Ok(Some(lab::status(&lab.lab)));
        }
        SyncCommands::new(self.settings.sync.clone()).status().await
    }

    /// Connects to the AD domains alone; needs no credential of Entra's.
    pub async fn connect_ad(&self, terminal: Terminal) -> Result<Vec<AdDomain>, CliError> {
        #[cfg(feature = "lab")]
        let (settings, access) = match &self.lab {
            Some(lab) => {
                let (settings, Access { passwords, authorities, entra: _ }) = lab.reach(&self.settings)?;
                (settings, AdAccess { passwords, authorities })
            }
            None => (self.settings.clone(), secrets::ad_access(&self.settings, &self.root, terminal).await?),
        };
        #[cfg(not(feature = "lab"))]
        let (settings, access) =
            (self.settings.clone(), secrets::ad_access(&self.settings, &self.root, terminal).await?);
        let AdAccess { passwords, authorities } = access;
        let connect = async |ad: &AdSettings| {
            let password = passwords.get(&ad.name).cloned().unwrap_or_default();
            AdDomain::connect(ad.clone(), password, authorities.get(&ad.name).map(Vec::as_slice)).await
        };
        Ok(try_join_all(settings.ad.iter().map(connect)).await?)
    }

    async fn access(&self, settings: &Settings, terminal: Terminal) -> Result<Access, CliError> {
        secrets::access(settings, &self.root, terminal).await
    }

    /// The sync engine.
    pub fn engine<'a>(&'a self, directories: &'a Directories<SiteClock>) -> Engine<'a> {
        #[cfg(feature = "lab")]
        if let Some(lab) = &self.lab {
            return Engine::Lab(&lab.lab, directories);
        }
        Engine::Configured(directories)
    }

    /// Reads a snapshot, with progress on a terminal.
    pub async fn snapshot(
        &self,
        directories: &Directories<SiteClock>,
        terminal: Terminal,
    ) -> Result<Snapshot, CliError> {
        let bar = super::progress::reading(terminal);
        // So many reads at once are a large future; boxed, it does not travel through every caller's stack.
        let snapshot = Box::pin(directories.snapshot(self.clock.now(), |event: Progress| bar.tell(&event))).await;
        bar.finish();
        Ok(snapshot?)
    }
}

/// The settings of an unfinished apply that this computer wrote to the ledger in its usual place: what is broken in the
/// configuration must not stand in the way of giving roles back.
fn kept_settings(root: &Path) -> Option<(ApplyId, Settings)> {
    let paths = Paths::of(&root.join(Settings::DEFAULT_STATE));
    let seen = ledger::look(&paths, &witness()).ok().filter(|seen| seen.known)?;
    let state = seen.state?;
    let apply = state.unfinished()?;
    Some((apply.id.clone(), apply.plan.as_ref()?.settings.clone()))
}

/// Where the state file is, for commands that need nothing else of the site.
pub fn state_file(global: &Global, terminal: Terminal) -> Result<PathBuf, CliError> {
    #[cfg(feature = "lab")]
    if global.lab {
        return Ok(lab::STATE_FILE.into());
    }
    let text = project::config_text(&global.config)?;
    let settings = project::settings((&global.config.display().to_string(), &text), terminal)?;
    Ok(global.config.parent().unwrap_or(Path::new("")).join(settings.state))
}

/// The clock that the command line asks for, outside of the lab.
pub fn clock(global: &Global) -> SiteClock {
    global.clock.map_or(SiteClock::Real, |start| SiteClock::Fixed { start, slept: AtomicI64::new(0) })
}

fn open_trace(path: &Path) -> Result<Arc<Trace>, CliError> {
    let file = crate::store::files::open_at(path, 0).map_err(|error| CliError::file("write", path, &error))?;
    Ok(Arc::new(Trace::new(Box::new(file))))
}

/// The lab's settings as text, for commands that only read.
pub fn lab_settings_text() -> Result<String, CliError> {
    #[cfg(feature = "lab")]
    return lab::settings_text(&lab::world()?);
    #[cfg(not(feature = "lab"))]
    Err(CliError::plain("This matchplan was built without the lab."))
}
