//! Cells under dense numbers, in regions that double up to a limit.
//!
//! Growth copies nothing, and memory follows the number of cells both ways: one that leaves is replaced by the last
//! one, which takes its number, and regions that are empty are given back. As each region is as large as all before it, a
//! store of a few sessions takes a few pages, and one of a million takes few regions.

use super::region::{HUGE_PAGE, Region};

/// Cells of some bytes, numbered from 0 on, without holes.
pub(super) struct Slab<const SIZE: usize> {
    regions: Vec<Region>,
    /// A large region that is empty, so that a number of cells that swings about its beginning asks the system for nothing.
    spare: Option<Region>,
    len: u32,
}

impl<const SIZE: usize> Slab<SIZE> {
    pub(super) fn new() -> Self {
        Self { regions: Vec::new(), spare: None, len: 0 }
    }

    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Adds a cell, whose number is the length before.
    pub(super) fn push(&mut self, cell: [u8; SIZE]) {
        let (region, _) = Self::place(self.len);
        if region == self.regions.len() {
            let new = self.spare.take().unwrap_or_else(|| Region::new(Self::cells(region) * SIZE));
            self.regions.push(new);
        }
        self.len += 1;
        *self.cell_mut(self.len - 1) = cell;
    }

    /// Takes out a cell. The last one takes its number.
    pub(super) fn swap_remove(&mut self, number: u32) {
        let last = self.len.checked_sub(1).expect("there is a cell of this number");
        if number < last {
            *self.cell_mut(number) = *self.cell(last);
        }
        self.len = last;
        if self.len == 0 {
            *self = Self::new();
            return;
        }
        let (region, cell) = Self::place(last);
        if cell == 0 {
            self.spare = self.regions.pop().filter(|empty| empty.len() >= LEAST_SPARE);
            debug_assert_eq!(region, self.regions.len());
        }
    }

    pub(super) fn cell(&self, number: u32) -> &[u8; SIZE] {
        let (region, cell) = Self::place(number);
        self.regions[region].cell(cell)
    }

    pub(super) fn cell_mut(&mut self, number: u32) -> &mut [u8; SIZE] {
        let (region, cell) = Self::place(number);
        self.regions[region].cell_mut(cell)
    }

    /// The region of a cell, and its number in there.
    ///
    /// ```text
    ///   number + FIRST     0b_0001_xxxx_xxxx    first region, of FIRST cells
    ///                      0b_001x_xxxx_xxxx    second region, of twice as many
    ///                      0b_01xx_xxxx_xxxx    LARGEST cells: all behind it are as large
    /// ```
    fn place(number: u32) -> (usize, usize) {
        let number = number as usize + Self::FIRST;
        match (number / Self::FIRST).ilog2() as usize {
            region if region < Self::DOUBLINGS => (region, number - (Self::FIRST << region)),
            _ => (Self::DOUBLINGS + number / Self::LARGEST - 1, number % Self::LARGEST),
        }
    }

    /// How many cells a region has.
    fn cells(region: usize) -> usize {
        Self::FIRST << region.min(Self::DOUBLINGS)
    }

    const FIRST: usize = {
        assert!(SIZE.is_power_of_two() && SIZE <= PAGE);
        PAGE / SIZE
    };
    const LARGEST: usize = HUGE_PAGE / SIZE;
    const DOUBLINGS: usize = (HUGE_PAGE / PAGE).ilog2() as usize;
}

const PAGE: usize = 4_096;
/// Below, the system is asked each time: what it costs to ask is little beside what came and went meanwhile.
const LEAST_SPARE: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: u32) -> Slab<8> {
        let mut slab = Slab::new();
        (0..count).for_each(|item| slab.push(u64::from(item).to_le_bytes()));
        slab
    }

    fn item(slab: &Slab<8>, number: u32) -> u64 {
        u64::from_le_bytes(*slab.cell(number))
    }

    #[test]
    fn numbers_are_dense() {
        let mut slab = filled(3);
        assert_eq!((slab.len(), item(&slab, 0), item(&slab, 2)), (3, 0, 2));
        slab.swap_remove(0);
        assert_eq!((slab.len(), item(&slab, 0), item(&slab, 1)), (2, 2, 1));
        slab.swap_remove(1);
        slab.swap_remove(0);
        assert_eq!(slab.len(), 0);
    }

    #[test]
    fn every_cell_has_a_place_of_its_own() {
        let count = 3 * Slab::<8>::LARGEST as u32;
        let slab = filled(count);
        assert!((0..count).all(|number| item(&slab, number) == u64::from(number)));
        assert!(slab.regions.iter().enumerate().all(|(region, bytes)| bytes.len() == Slab::<8>::cells(region) * 8));
    }

    /// E8
    #[test]
    fn memory_follows_the_number_of_items() {
        let mut slab = filled(100_000);
        for left in (1..100_000).rev() {
            slab.swap_remove(left / 2);
            assert_eq!(slab.len(), left);
            let held: usize = slab.regions.iter().chain(&slab.spare).map(Region::len).sum();
            assert!(held <= 4 * (8 * left as usize + PAGE), "{held} bytes for {left}");
        }
        slab.swap_remove(0);
        assert!(slab.spare.is_none() && slab.regions.capacity() == 0);
    }
}
