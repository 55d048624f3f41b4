//! Cells under dense numbers, in regions that double up to a limit.
//!
//! Growth copies nothing, and memory follows the number of cells both ways: one that leaves is replaced by the last
//! one, which takes its number, and regions that are empty are given back. As each region is as large as all before it, a
//! store of a few sessions takes a few pages, and one of a million takes few regions.

use super::region::{HUGE_PAGE, Region};

/// Cells of one size, numbered from 0 on, without holes.
pub(super) struct Slab {
    size: usize,
    /// The first region has two to the power of this many cells.
    first: u32,
    /// How often the regions double.
    doublings: u32,
    regions: Vec<Region>,
    /// A large region that is empty, so that a number of cells that swings about its beginning asks the system for nothing.
    spare: Option<Region>,
    len: u32,
}

impl Slab {
    /// No cells, of so many bytes.
    pub(super) fn new(size: usize) -> Self {
        let first = (PAGE / size).max(1).ilog2();
        let doublings = (HUGE_PAGE / (size << first)).max(1).ilog2();
        Self { size, first, doublings, regions: Vec::new(), spare: None, len: 0 }
    }

    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Adds a cell, whose number is the length before, and which is to be written.
    pub(super) fn push(&mut self) -> &mut [u8] {
        let number = self.len;
        let (region, _) = self.place(number);
        if region == self.regions.len() {
            let new = self.spare.take().unwrap_or_else(|| Region::new(self.bytes(region)));
            self.regions.push(new);
        }
        self.len += 1;
        self.cell_mut(number)
    }

    /// Takes out a cell. The last one takes its number.
    pub(super) fn swap_remove(&mut self, number: u32) {
        let last = self.len.checked_sub(1).expect("there is a cell of this number");
        if last == 0 {
            *self = Self::new(self.size);
            return;
        }
        if number < last {
            self.copy(last, number);
        }
        self.len = last;
        let (_, cell) = self.place(last);
        if cell == 0 {
            self.spare = self.regions.pop().filter(|empty| empty.len() >= LEAST_SPARE);
        }
    }

    pub(super) fn cell(&self, number: u32) -> &[u8] {
        let (region, cell) = self.place(number);
        &self.regions[region][cell * self.size..][..self.size]
    }

    pub(super) fn cell_mut(&mut self, number: u32) -> &mut [u8] {
        let (region, cell) = self.place(number);
        &mut self.regions[region][cell * self.size..][..self.size]
    }

    fn copy(&mut self, from: u32, to: u32) {
        let ((from_region, from), (to_region, to)) = (self.place(from), self.place(to));
        let (from, to) = (from * self.size, to * self.size);
        if from_region == to_region {
            self.regions[to_region].copy_within(from..from + self.size, to);
        } else if let Ok([source, target]) = self.regions.get_disjoint_mut([from_region, to_region]) {
            target[to..][..self.size].copy_from_slice(&source[from..][..self.size]);
        }
    }

    /// The region of a cell, and its number in there.
    ///
    /// ```text
    ///   number + cells of the first region    0b_0001_xxxx_xxxx    first region
    ///                                         0b_001x_xxxx_xxxx    second region, twice as large
    ///                                         0b_01xx_xxxx_xxxx    the largest: all behind it are as large
    /// ```
    fn place(&self, number: u32) -> (usize, usize) {
        let number = number as usize + (1 << self.first);
        let doubled = (number >> self.first).ilog2();
        if doubled < self.doublings {
            return (doubled as usize, number - (1 << (self.first + doubled)));
        }
        let largest = self.first + self.doublings;
        (self.doublings as usize + (number >> largest) - 1, number & ((1 << largest) - 1))
    }

    /// How large a region is.
    fn bytes(&self, region: usize) -> usize {
        self.size << (self.first as usize + region.min(self.doublings as usize))
    }
}

const PAGE: usize = 4_096;
/// Below, the system is asked each time: what it costs to ask is little beside what came and went meanwhile.
const LEAST_SPARE: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(size: usize, count: u32) -> Slab {
        let mut slab = Slab::new(size);
        (0..count).for_each(|item| slab.push().copy_from_slice(&cell(size, item)));
        slab
    }

    /// The number at both ends of a cell, so that one that is not whole shows.
    fn cell(size: usize, item: u32) -> Vec<u8> {
        let mut cell = vec![0; size];
        cell[..4].copy_from_slice(&item.to_le_bytes());
        cell[size - 4..].copy_from_slice(&item.to_le_bytes());
        cell
    }

    #[test]
    fn numbers_are_dense() {
        let mut slab = filled(8, 3);
        slab.swap_remove(0);
        assert_eq!((slab.len(), slab.cell(0), slab.cell(1)), (2, &*cell(8, 2), &*cell(8, 1)));
        slab.swap_remove(1);
        slab.swap_remove(0);
        assert_eq!(slab.len(), 0);
    }

    #[test]
    fn every_cell_has_a_place_of_its_own() {
        for (size, count) in [(8, 800_000), (16, 400_000), (80, 90_000), (128, 50_000), (5_120, 1_500), (16_384, 400)] {
            let slab = filled(size, count);
            assert!((0..count).all(|number| slab.cell(number) == cell(size, number)), "of {size} bytes");
            assert!(slab.regions.iter().enumerate().all(|(region, bytes)| bytes.len() == slab.bytes(region)));
            assert!(slab.regions.len() > 1 + slab.doublings as usize, "there are some of the largest");
        }
    }

    #[test]
    fn the_last_one_takes_the_number_of_one_that_leaves() {
        let (size, mut model) = (80, (0..20_000).collect::<Vec<_>>());
        let mut slab = filled(size, 20_000);
        while model.len() > 1 {
            let number = model.len() * 7 / 11;
            slab.swap_remove(number as u32);
            model.swap_remove(number);
            assert!(number == model.len() || slab.cell(number as u32) == cell(size, model[number]));
        }
    }

    /// E8
    #[test]
    fn memory_follows_the_number_of_items() {
        let mut slab = filled(8, 100_000);
        for left in (1..100_000).rev() {
            slab.swap_remove(left / 2);
            assert_eq!(slab.len(), left);
            let held: usize = slab.regions.iter().chain(&slab.spare).map(|region| region.len()).sum();
            assert!(held <= 4 * (8 * left as usize + PAGE), "{held} bytes for {left}");
        }
        slab.swap_remove(0);
        assert!(slab.spare.is_none() && slab.regions.capacity() == 0);
    }
}
