"""Certificate authorities and certificates of a sandbox's own, for both ends of a connection."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["TlsIdentity", "make_client_certificate", "make_tls"]

_VALID = timedelta(days=825)


@frozen
class TlsIdentity:
    """Files in PEM: an authority's certificate, a certificate that it has signed, and the key of the latter.

    .. versionadded:: 0.1
    """

    ca: Path
    certificate: Path
    key: Path


def make_tls(folder: Path, host: str) -> TlsIdentity:
    """The server's identity in ``folder``, made at the first call and kept, so that a restart keeps its clients' trust.

    :param folder: where the files lie; made if needed.
    :param host: address of the server; ``localhost`` and the loopback addresses are always named as well.

    .. versionadded:: 0.1
    """
    return _identity(folder, "Dougong sandbox", ExtendedKeyUsageOID.SERVER_AUTH, _names(host))


def make_client_certificate(folder: Path, user: str) -> TlsIdentity:
    """An identity for a client, with an authority of its own for ``--set client_ca``.

    :param folder: where the files lie; made if needed.
    :param user: common name of the certificate.

    .. versionadded:: 0.1
    """
    return _identity(folder, user, ExtendedKeyUsageOID.CLIENT_AUTH, [x509.DNSName("client")])


def _identity(
    folder: Path, common: str, purpose: x509.ObjectIdentifier, names: Sequence[x509.GeneralName]
) -> TlsIdentity:
    identity = TlsIdentity(folder / "ca.pem", folder / "certificate.pem", folder / "key.pem")
    if identity.key.exists():
        return identity
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = _name(f"{common} CA")
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    signed = (
        _builder(_name(common), ca_name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    identity.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    identity.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write_private(identity.key, private)
    return identity


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    addresses = {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")}
    try:
        addresses.add(ipaddress.ip_address(host))
    except ValueError:
        names.append(x509.DNSName(host))
    return names + [x509.IPAddress(address) for address in sorted(addresses, key=str)]


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
