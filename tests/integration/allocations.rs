//! An allocator that counts what each thread holds, for tests of memory.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static NET: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

/// Bytes that this thread allocated and did not free.
pub fn net() -> isize {
    NET.with(Cell::get)
}

/// Begins to measure what [`most_since`] says.
pub fn begin() -> isize {
    MOST.set(net());
    net()
}

/// The most bytes that this thread held since then, beyond those held then.
pub fn most_since(begun: isize) -> u64 {
    (MOST.get() - begun).max(0) as u64
}

struct Counting;

fn count(bytes: isize) {
    // Threads free memory while they end, too.
    let _ = NET.try_with(|net| {
        net.set(net.get().wrapping_add(bytes));
        MOST.try_with(|most| most.set(most.get().max(net.get())))
    });
}

#[allow(unsafe_code, reason = "an allocator is unsafe by its trait; this one hands everything on to the system's")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
