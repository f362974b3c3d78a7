import { readFileSync } from 'node:fs';

function sysctl(name: string): string | null {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return null;
  }
}

/** Why user namespaces do not work, as far as the kernel's settings tell, with the way out. */
export function namespaceAdvice(said: string, setting: (name: string) => string | null = sysctl): string {
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return (
      'AppArmor keeps unprivileged programs from user namespaces (Ubuntu 24.04 and newer): allow bubblewrap with a profile in ' +
      '/etc/apparmor.d/bwrap holding "abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }" ' +
      'and run: systemctl reload apparmor'
    );
  }
  if (setting('kernel/unprivileged_userns_clone') === '0') {
    return 'user namespaces are switched off: sysctl -w kernel.unprivileged_userns_clone=1';
  }
  if (setting('user/max_user_namespaces') === '0') {
    return 'user namespaces are switched off: sysctl -w user.max_user_namespaces=15000';
  }
  if (/No permissions to create new namespace|Creating new namespace failed|Operation not permitted/i.test(said)) {
    return 'this looks like a container or another sandbox that forbids new namespaces: run outside it, or choose another sandbox backend';
  }
  return `bubblewrap said: ${said}`;
}
