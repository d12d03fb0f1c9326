// What a client that follows its events believes of its contacts: a snapshot, then each event on
// top, dropping what is older than what it has (contract, section 4).

/** Map of userId -> {status, customMessage, deviceCount, version} after everything received. */
export function replica(device) {
  const users = new Map();
  const put = (user) => {
    const known = users.get(user.userId);
    if (known && known.version !== undefined && user.version !== undefined && user.version < known.version) return;
    users.set(user.userId, {
      status: user.status,
      customMessage: user.customMessage,
      deviceCount: user.deviceCount,
      version: user.version,
    });
  };
  for (const { event, data } of device.events) {
    if (data?.userId === device.userId) continue;
    const known = users.get(data?.userId);
    switch (event) {
      case 'presence_snapshot':
        if (data.full) users.clear();
        data.users.forEach(put);
        break;
      case 'contacts_changed':
        data.added.forEach(put);
        data.removed.forEach((id) => users.delete(id));
        break;
      case 'user_online':
        put(data);
        break;
      case 'user_offline':
        put({ ...data, deviceCount: 0 });
        break;
      case 'user_status_changed':
        put({ ...data, deviceCount: known?.deviceCount });
        break;
      case 'user_devices_changed':
        put({ ...known, ...data });
        break;
    }
  }
  return users;
}

/** The part that has to agree between a replica, an answer and a model. */
export function essence(user) {
  if (!user || user.status === 'offline') return { status: 'offline', deviceCount: 0 };
  return {
    status: user.status,
    deviceCount: user.deviceCount,
    ...(user.customMessage ? { customMessage: user.customMessage } : {}),
  };
}
