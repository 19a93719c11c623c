#pragma once

#include "vcpu/exit_event.h"
#include "vcpu/exit_table.h"

namespace coffer {

/// The exit table at work: which values leave with an exit, and which come back. Without state. The functions can be replaced, so that tests can
/// show that a shim which lets one value too many through is found out.
class ExitPolicy {
public:
    /// `table` outlives the object.
    explicit ExitPolicy(const ExitTable& table = exit_table) : table_(table) {}
    virtual ~ExitPolicy() = default;

    const ExitTable& table() const { return table_; }

    /// The scrubbed registers of an exit: everything is 0 that its row does not list.
    virtual HypervisorView show(const ExitEntry& entry, const ExitEvent& event, const VcpuContext& context) const;

    /// Takes from `returned` what the row lists into `context`. Where a value does not fit its width or range nothing changes, and the answer is its
    /// row entry; else null. Values that are not listed are not looked at.
    virtual const AcceptedValue* accept(const ExitEntry& entry, const ExitEvent& event, const HypervisorView& returned, VcpuContext& context) const;

private:
    const ExitTable& table_;
};

}  // namespace coffer
