#pragma once

#include <array>
#include <string>

#include "aise/chip_number.h"
#include "common/bytes.h"
#include "common/units.h"

namespace coffer {

/// The chip's second non-volatile register: it binds the VM log.
using LogRegister = std::array<std::uint8_t, 32>;

/// What survives the loss of power: the chip's two non-volatile registers and, in untrusted storage, two copies of the VM log's table.
/// A write has returned only when it is durable, and is whole or not there at all after a crash.
class NonVolatile {
public:
    virtual ~NonVolatile() = default;

    /// The global page counter: the first LPID that is not reserved. Its upper 16 bits are the chip's number, its count is at least 1.
    virtual Lpid gpc() const = 0;
    virtual void write_gpc(Lpid gpc) = 0;

    /// The log register; zeros where it was never written.
    virtual const LogRegister& log_register() const = 0;
    virtual void write_log_register(const LogRegister& value) = 0;

    /// Copy 0 or 1 of the VM log's table, empty where it was never written. Untrusted: any bytes.
    virtual Bytes log_copy(unsigned copy) const = 0;
    virtual void write_log_copy(unsigned copy, ByteView bytes) = 0;

    /// What a message calls the storage.
    virtual std::string name() const = 0;
};

/// Non-volatile state that ends with the object: a run starts as a chip fresh from the factory, so that equal configurations give equal bytes.
class MemoryNonVolatile : public NonVolatile {
public:
    explicit MemoryNonVolatile(ChipNumber chip) : gpc_(chip.lpid(1)) {}

    Lpid gpc() const override { return gpc_; }
    void write_gpc(Lpid gpc) override { gpc_ = gpc; }
    const LogRegister& log_register() const override { return log_register_; }
    void write_log_register(const LogRegister& value) override { log_register_ = value; }
    Bytes log_copy(unsigned copy) const override { return log_copies_.at(copy); }
    void write_log_copy(unsigned copy, ByteView bytes) override { log_copies_.at(copy).assign(bytes.begin(), bytes.end()); }
    std::string name() const override { return "non-volatile memory"; }

private:
    Lpid gpc_;
    LogRegister log_register_{};
    std::array<Bytes, 2> log_copies_;
};

}  // namespace coffer
