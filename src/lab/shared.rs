//! The one world that the lab's servers share, and its file.

use super::world::World;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A handle on the running world. Clones share it. Every change is one critical section, so a server's answer is
/// always about one consistent moment; no lock is held over an await.
#[derive(Clone, Debug)]
pub struct SharedWorld {
    world: Arc<Mutex<World>>,
    file: Option<Arc<Path>>,
}

impl SharedWorld {
    /// A world that lives in memory only.
    pub fn in_memory(world: World) -> Self {
        Self { world: Arc::new(Mutex::new(world)), file: None }
    }

    /// A world that is written to `file` after every change, so that a killed process loses nothing it answered.
    pub fn kept_in(world: World, file: PathBuf) -> Self {
        Self { world: Arc::new(Mutex::new(world)), file: Some(file.into()) }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A panic in another handler must not take the whole lab down with it.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the world.
    pub fn read<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        look(&self.lock())
    }

    /// Changes the world, and saves it if it is kept in a file and did change.
    ///
    /// A save that fails is an error of the caller's request: what was not saved must not be answered as done.
    pub fn write<R>(&self, change: impl FnOnce(&mut World) -> R) -> std::io::Result<R> {
        let mut world = self.lock();
        let Some(file) = &self.file else { return Ok(change(&mut world)) };
        let before = world.clone();
        let result = change(&mut world);
        if *world != before
            && let Err(error) = save(&world, file)
        {
            *world = before;
            return Err(error);
        }
        Ok(result)
    }
}

/// Writes a world to a file, replacing it in one step.
pub fn save(world: &World, file: &Path) -> std::io::Result<()> {
    let text = crate::model::digest::to_canonical_file(world).map_err(std::io::Error::other)?;
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(text.as_bytes())?;
    temporary.persist(file)?;
    Ok(())
}
