#pragma once

#include <utility>

#include <systemc>

namespace coffer {

/// While this object lives, a module that keeps one place for the time of its accesses charges them to `delay`: that of the transaction that it
/// serves, also where one is served while another is.
class [[nodiscard]] Charge {
public:
    /// `place`: where the module keeps it; it outlives the object.
    Charge(sc_core::sc_time*& place, sc_core::sc_time& delay) : place_(place), outer_(std::exchange(place, &delay)) {}
    ~Charge() { place_ = outer_; }
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;

private:
    sc_core::sc_time*& place_;
    sc_core::sc_time* const outer_;
};

}  // namespace coffer
