//! How much memory the instance has taken, and may take.
//!
//! An allocation that fails ends the instance and all data in it. So what takes much asks here first, and fails by itself.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use wasm_bindgen::prelude::*;

use crate::{Error, ErrorKind, Result};

/// Counts what the system's allocator has given out.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
/// WebAssembly's 4 GiB, and some of it left for what asks for little.
const MOST: usize = usize::MAX - (256 << 20);
static BUDGET: AtomicUsize = AtomicUsize::new(MOST);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is the system allocator's own, with the caller's own arguments.
unsafe impl GlobalAlloc for Counting {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.dealloc(at, layout) }
    }

    #[inline(never)]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        HELD.fetch_sub(layout.size(), Relaxed);
        HELD.fetch_add(size, Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Says how many bytes this instance may hold.
#[wasm_bindgen(js_name = setBudget)]
pub fn set_budget(n_bytes: f64) {
    BUDGET.store((n_bytes as usize).min(MOST), Relaxed);
}

/// How many it holds.
#[wasm_bindgen(js_name = bytesHeld)]
pub fn bytes_held() -> f64 {
    HELD.load(Relaxed) as f64
}

/// Makes sure of so many more bytes, in one step of growing.
///
/// # Errors
///
/// `OUT_OF_MEMORY` where they are not to be had; `what` says what wants them.
pub(super) fn make_room(what: &str, n_bytes: usize) -> Result<()> {
    let (held, budget) = (HELD.load(Relaxed), BUDGET.load(Relaxed));
    // Taken and given back, to be taken again.
    let mut room = Vec::<u8>::new();
    let fits = held.saturating_add(n_bytes) <= budget && room.try_reserve_exact(n_bytes).is_ok();
    std::hint::black_box(&room);
    if fits {
        return Ok(());
    }
    let megabytes = |bytes: usize| bytes.div_ceil(1_000_000);
    let sentence = format!(
        "{what} needs {} MB of memory, and of the {} MB that a worker may use {} MB are taken; load fewer rows or columns, \
         keep only answers (\"keep\": \"answers\"), close other data, open the engine with more workers, or use the command line",
        megabytes(n_bytes),
        megabytes(budget),
        megabytes(held)
    );
    Err(Error::new(ErrorKind::OutOfMemory, sentence))
}
