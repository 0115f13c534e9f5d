//! Files that survive a crash: replaced as a whole or not at all, readable by their owner only.

use super::disk::{self, RealDisk};
use crate::model::size;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use tempfile::NamedTempFile;

/// The folder of a path, `.` for a bare file name.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Replaces a file's content on the real disk ([`disk::replace`]).
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    disk::replace(&RealDisk, path, content)
}

/// Writes a new file, as a whole or not at all; one that is there already is left as it is, and the error is
/// [`io::ErrorKind::AlreadyExists`].
pub fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut temporary = temporary_beside(path)?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    temporary.persist_noclobber(path).map_err(|e| e.error)?;
    sync_folder(path)
}

/// A temporary file in the folder of `path`, with mode 0600 on Unix.
pub fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".matchplan-").tempfile_in(folder(path))
}

/// Gives a temporary file its name, in one step.
#[cfg(not(windows))]
pub fn persist(temporary: NamedTempFile, path: &Path) -> io::Result<()> {
    temporary.persist(path).map(drop).map_err(|e| e.error)
}

/// Gives a temporary file its name, in one step. On Windows a virus scanner or an editor may hold the file for a moment,
/// and then the rename is refused.
#[cfg(windows)]
pub fn persist(mut temporary: NamedTempFile, path: &Path) -> io::Result<()> {
    const TRIES: u32 = 10;
    for attempt in 1.. {
        match temporary.persist(path) {
            Ok(_) => return Ok(()),
            Err(e) if attempt < TRIES && e.error.kind() == io::ErrorKind::PermissionDenied => {
                std::thread::sleep(std::time::Duration::from_millis(20 * u64::from(attempt)));
                temporary = e.file;
            }
            Err(e) => return Err(e.error),
        }
    }
    unreachable!("the loop ends by returning")
}

/// Makes a rename or a new file's name durable.
#[cfg(unix)]
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

/// Windows has no such thing: NTFS journals names itself.
#[cfg(not(unix))]
pub fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens a file to be written from position `at` on, cutting off what lies behind; made if missing with mode 0600 on
/// Unix. Not the system's append mode, in which Windows refuses to cut.
pub fn open_at(path: &Path, at: u64) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if file.metadata()?.len() > at {
        file.set_len(at)?;
    }
    file.seek(SeekFrom::Start(at))?;
    file.sync_all()?;
    sync_folder(path)?;
    Ok(file)
}

/// The largest file that is read of those that this program writes itself: a saved plan, a snapshot, the state, the
/// journal. A snapshot of a million users in each directory is about half as large if it is compressed, and one of 300,000
/// if it is not.
pub const LARGEST_WRITTEN: u64 = 512 << 20;

/// The largest file with a password, a key or certificates that is read.
pub const LARGEST_SECRET: u64 = 1 << 20;

/// Reads a file of at most `limit` octets; `None` if it is not there. A larger one is refused with [`size::TooLarge`] before
/// anything is read; what does not say its size (a pipe, a device) is read to the limit and then refused.
pub fn read_limited(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    open_sized(path)?.map(|(file, size)| size::read(file, size, limit)).transpose()
}

/// Opens a file to be read as it comes, with what it says of its size; `None` if it is not there. One that says more than
/// `limit` is refused with [`size::TooLarge`].
pub fn open_limited(path: &Path, limit: u64) -> io::Result<Option<(File, Option<u64>)>> {
    match open_sized(path)? {
        Some((_, Some(size))) if size > limit => Err(io::Error::other(size::TooLarge { size: Some(size), limit })),
        opened => Ok(opened),
    }
}

/// A pipe and a device do not say their size.
fn open_sized(path: &Path) -> io::Result<Option<(File, Option<u64>)>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let metadata = file.metadata()?;
    Ok(Some((file, metadata.is_file().then_some(metadata.len()))))
}

/// The same of a file that must be there.
pub fn read_whole(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_limited(path, limit)?.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Makes a folder for working files.
pub fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}
