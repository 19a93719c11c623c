#pragma once

#include <systemc>
#include <tlm>

namespace coffer {

/// Blocking transport without the virtual bases of the standard's interfaces. A call through those takes a chain of six dependent loads before the
/// target knows its module; this one takes two, and an access crosses eight sockets.
/// Our target sockets offer it beside the standard interface, which does the same.
class DirectTransport {
public:
    virtual void direct_b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) = 0;

protected:
    ~DirectTransport() = default;
};

}  // namespace coffer
