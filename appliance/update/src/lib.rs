//! Slots A, B and recovery, and which of them boots.
