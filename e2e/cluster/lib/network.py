"""Network namespaces and the veth pairs between the host and the nodes.

The host has a link to node 1; every further node has one to node 1, which routes. Nothing inside
reaches past the host, and the host's own firewall is never touched.
"""

from command import run


def inside(netns, *argv):
    """Runs in the network namespace only. (`ip netns exec` would also hide the cgroups in /sys.)"""
    return run("nsenter", f"--net=/run/netns/{netns}", *argv)


def _pair(outer_netns, outer, outer_address, node):
    """A veth pair: `outer` (in `outer_netns`, or on the host when that is None) and eth0."""
    run("ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", node.netns)

    def there(*argv):
        return inside(outer_netns, *argv) if outer_netns else run(*argv)

    if outer_netns:
        run("ip", "link", "set", outer, "netns", outer_netns)
    there("ip", "address", "add", f"{outer_address}/30", "dev", outer)
    there("ip", "link", "set", outer, "up")
    inside(node.netns, "ip", "address", "add", f"{node.address}/30", "dev", "eth0")
    inside(node.netns, "ip", "link", "set", "eth0", "up")
    inside(node.netns, "ip", "route", "add", "default", "via", outer_address)


def make(slot, nodes):
    first = nodes[0]
    _namespace(first)
    _pair(None, host_link(slot), slot.subnet("1"), first)
    run("ip", "route", "add", slot.subnet("0/24"), "via", first.address)
    for node in nodes[1:]:
        join(first, node)


def _namespace(node):
    run("ip", "netns", "add", node.netns)
    inside(node.netns, "ip", "link", "set", "lo", "up")
    inside(node.netns, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")


def join(first, node):
    """A further node, behind the first."""
    _namespace(node)
    _pair(first.netns, f"to-{node.name}", node.gateway, node)


def route_pods(first, node, subnet):
    """Pods of a further node are reached through the first (Calico itself routes only its own)."""
    inside(first.netns, "ip", "route", "add", subnet, "via", node.address)


def host_link(slot):
    return f"fb{slot.name}"


def remove(slot):
    """Deletes the slot's namespaces; their links, the host's ends included, go with them."""
    names = [line.split()[0] for line in run("ip", "netns", "list").splitlines() if line.strip()]
    for name in names:
        if name.startswith(f"firebreak-{slot.name}-"):
            run("ip", "netns", "delete", name)
