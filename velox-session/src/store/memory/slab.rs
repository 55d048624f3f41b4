//! Items under dense numbers, in chunks of a fixed size.
//!
//! Growth copies nothing, and memory follows the number of items both ways: an item that leaves is replaced by the last
//! one, which takes its number, and chunks that are empty are given back.

use std::ops::{Index, IndexMut};

/// Items numbered from 0 on, without holes.
pub(super) struct Slab<T> {
    /// All full but the last one.
    chunks: Vec<Vec<T>>,
    /// An empty chunk, so that a number of items that swings about a multiple of a chunk allocates nothing.
    spare: Option<Vec<T>>,
}

impl<T> Slab<T> {
    pub(super) fn new() -> Self {
        Self { chunks: Vec::new(), spare: None }
    }

    pub(super) fn len(&self) -> u32 {
        let count = self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len());
        u32::try_from(count).expect("a shard's capacity is less")
    }

    /// Adds an item, whose number is the length before.
    pub(super) fn push(&mut self, item: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(item),
            _ => {
                let mut chunk = self.spare.take().unwrap_or_else(|| Vec::with_capacity(CHUNK));
                chunk.push(item);
                self.chunks.push(chunk);
            }
        }
    }

    /// Takes out an item. The last one takes its number.
    pub(super) fn swap_remove(&mut self, number: u32) -> T {
        let last = self.chunks.last_mut().expect("there is an item of this number");
        let mut item = last.pop().expect("a chunk that is kept is not empty");
        if last.is_empty() {
            self.spare = self.chunks.pop();
        }
        if self.chunks.is_empty() {
            // Small pieces that were made when there was much would keep an allocator from giving the room below them back.
            *self = Self::new();
        }
        if number < self.len() {
            std::mem::swap(&mut item, &mut self[number]);
        }
        item
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;

    fn index(&self, number: u32) -> &T {
        &self.chunks[number as usize / CHUNK][number as usize % CHUNK]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    fn index_mut(&mut self, number: u32) -> &mut T {
        &mut self.chunks[number as usize / CHUNK][number as usize % CHUNK]
    }
}

const CHUNK: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: u32) -> Slab<u32> {
        let mut slab = Slab::new();
        (0..count).for_each(|item| slab.push(item));
        slab
    }

    #[test]
    fn numbers_are_dense() {
        let mut slab = filled(3);
        assert_eq!((slab.len(), slab[0], slab[2]), (3, 0, 2));
        assert_eq!(slab.swap_remove(0), 0);
        assert_eq!((slab.len(), slab[0], slab[1]), (2, 2, 1));
        assert_eq!(slab.swap_remove(1), 1);
        assert_eq!(slab.swap_remove(0), 2);
        assert_eq!(slab.len(), 0);
    }

    #[test]
    fn memory_follows_the_number_of_items() {
        let mut slab = filled(10_000);
        assert!(slab.chunks.iter().all(|chunk| chunk.capacity() == CHUNK));
        for left in (0..10_000).rev() {
            slab.swap_remove(left / 2);
            assert_eq!(slab.len(), left);
            assert!(slab.chunks.len() <= left as usize / CHUNK + 1);
        }
        assert!(slab.spare.is_none() && slab.chunks.capacity() == 0);
    }
}
