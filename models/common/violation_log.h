#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "common/scheme.h"
#include "common/violation.h"

namespace coffer {

/// The chip's record of integrity violations, and of the VMs they stopped.
class ViolationLog {
public:
    explicit ViolationLog(OnViolation on_violation = OnViolation::freeze) : on_violation_(on_violation) {}

    /// Records a failed check, stops its VM where the policy says so (VMID 1 always), and returns it for the caller to pass on.
    Violation raise(const Violation& violation);
    /// The same for a failed check after which memory holds less than the VM wrote: the VM is stopped whatever the policy says.
    Violation raise_and_stop(const Violation& violation);

    bool frozen(Vmid vmid) const { return !frozen_.empty() && frozen_.count(vmid) != 0; }
    /// Forgets that the VM was stopped: its VMID ends.
    void forget(Vmid vmid) { frozen_.erase(vmid); }

    const std::vector<Violation>& violations() const { return violations_; }
    std::uint64_t count() const { return count_; }
    /// The record that was raised last. There must be one.
    const Violation& last() const { return last_; }

    /// Records kept; with OnViolation::report a tampered memory could otherwise fill the host's.
    static constexpr std::size_t kept = 100'000;

private:
    OnViolation on_violation_;
    std::set<Vmid> frozen_;
    std::vector<Violation> violations_;
    Violation last_;
    std::uint64_t count_ = 0;
};

}  // namespace coffer
