import socket

from local.ports import free_port


def test_no_port_is_given_twice_and_each_can_be_had() -> None:
    ports = [free_port() for _ in range(50)]

    assert len(set(ports)) == 50
    for port in ports:
        with socket.create_server(("127.0.0.1", port)):
            pass
