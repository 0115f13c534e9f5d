//! The one world that the lab's servers share.

use super::kept::Kept;
use super::world::World;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A handle on the running world. Clones share it.
///
/// Whoever reads looks at the world of one moment and keeps nobody waiting, not even a sync cycle that takes seconds.
/// Changes are made one after the other, each on a copy (which costs little, see [`super::world::table`]) that becomes
/// the world once it is saved: a change that fails, or panics, has never been.
#[derive(Clone, Debug)]
pub struct SharedWorld(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    current: RwLock<Arc<World>>,
    /// Held by whoever changes the world. A world in memory only is kept nowhere.
    changing: Mutex<Option<Kept>>,
}

impl SharedWorld {
    /// A world that lives in memory only.
    pub fn in_memory(world: World) -> Self {
        Self::new(world, None)
    }

    /// A world whose every change is in `file`, or in the log beside it, before it is answered: a killed process loses
    /// nothing that it said it did.
    pub fn kept_in(world: World, file: PathBuf) -> Self {
        Self::new(world, Some(Kept::in_file(file)))
    }

    /// The same for a world that is written before it is served.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begun_in(world: World, file: PathBuf) -> std::io::Result<Self> {
        let kept = Kept::begun(&world, file)?;
        Ok(Self::new(world, Some(kept)))
    }

    fn new(world: World, kept: Option<Kept>) -> Self {
        Self(Arc::new(Inner { current: RwLock::new(Arc::new(world)), changing: Mutex::new(kept) }))
    }

    /// The world as it is now. It stays as it is, whatever happens to the shared one.
    pub fn now(&self) -> Arc<World> {
        Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the world.
    pub fn read<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        look(&self.now())
    }

    /// Changes the world, and saves what changed if it is kept in a file.
    ///
    /// A save that fails is an error of the caller's request: what was not saved must not be answered as done.
    pub fn write<R>(&self, change: impl FnOnce(&mut World) -> R) -> std::io::Result<R> {
        // A panic in another handler must not take the whole lab down with it: it has changed a copy only.
        let mut kept = self.0.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.now();
        let mut world = World::clone(&before);
        let result = change(&mut world);
        if let Some(kept) = &mut *kept {
            kept.save(&before, &world)?;
        }
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(world);
        Ok(result)
    }
}
