//! What the ledger asks of a disk, one operation at a time.
//!
//! Everything that must be durable goes through here, so that tests can fill the disk, make it read-only, or end the
//! process between any two of these operations: there is no other place at which the ledger could be cut in half.

use super::files;
use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use tempfile::NamedTempFile;

/// A disk. Each method names the file that the operation is for; what is not overridden is the real thing.
pub trait Disk: fmt::Debug + Send {
    /// Writes octets at the file's position. They may still be in the system's memory only.
    fn write(&self, target: &Path, file: &mut File, octets: &[u8]) -> io::Result<()> {
        let _ = target;
        file.write_all(octets)
    }

    /// Makes what was written durable.
    fn sync(&self, target: &Path, file: &File) -> io::Result<()> {
        let _ = target;
        file.sync_all()
    }

    /// Gives a temporary file, which is whole and durable, the name of its target.
    fn persist(&self, target: &Path, temporary: NamedTempFile) -> io::Result<()> {
        files::persist(temporary, target)
    }

    /// Makes the target's name durable.
    fn sync_folder(&self, target: &Path) -> io::Result<()> {
        files::sync_folder(target)
    }
}

/// The disk that is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {}

/// Replaces a file's content on a disk: whoever reads it, and a crash at any moment, sees the old content or the new,
/// whole. The file is made with mode 0600 on Unix.
pub fn replace(disk: &dyn Disk, target: &Path, content: &[u8]) -> io::Result<()> {
    let mut temporary = files::temporary_beside(target)?;
    disk.write(target, temporary.as_file_mut(), content)?;
    disk.sync(target, temporary.as_file())?;
    disk.persist(target, temporary)?;
    disk.sync_folder(target)
}
