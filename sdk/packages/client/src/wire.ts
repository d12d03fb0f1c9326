// Generated from api/asyncapi.yaml by `npm run generate`; change that file instead.

/**
 * Section 5. Full status, also in bulk answers.
 */
export type Status = "online" | "away" | "busy" | "offline";
export type DeviceType = "web" | "mobile" | "desktop";
/**
 * Why something was refused (sections 2 and 3).
 */
export type ErrorCode =
  | "invalid_argument"
  | "unknown_event"
  | "unauthorized"
  | "token_expired"
  | "too_many_devices"
  | "rate_limited"
  | "store_unavailable"
  | "internal";
export type PresenceStatusResponse = PresenceStatus | BulkPresenceResponse;
/**
 * `disconnected`: the last device is gone; `inactive`: the last live one went stale; `manual`: the user chose offline.
 */
export type OfflineReason = "disconnected" | "inactive" | "manual";

/**
 * The payload of CONNECT, `auth` in socket.io-client (section 2).
 */
export interface ConnectPayload {
  /**
   * With `auth.mode` `jwt` or `http`.
   */
  token?: string;
  /**
   * With `auth.mode` `insecure`.
   */
  userId?: string;
  /**
   * Kept across reconnects, 1 to 64 bytes; a second connection with it replaces the first.
   */
  deviceId?: string;
  deviceInfo?: DeviceInfo;
  /**
   * Asks for `presence_snapshot` before any other event.
   */
  snapshot?: boolean;
  /**
   * Of an earlier snapshot or heartbeat; only what changed since is sent.
   */
  cursor?: string;
}
/**
 * What a client says of its device.
 */
export interface DeviceInfo {
  type?: DeviceType;
  os?: string;
  browser?: string;
}
/**
 * The `data` of CONNECT_ERROR.
 */
export interface ConnectErrorData {
  code: ErrorCode;
}
/**
 * A device of a user. Watchers see the required fields; the others go only to the user's own devices and to the operator.
 */
export interface Device {
  socketId: string;
  deviceType: DeviceType;
  connectedAt: number;
  lastHeartbeat?: number;
  os?: string;
  browser?: string;
  ipAddress?: string;
  userAgent?: string;
}
export interface Heartbeat {
  /**
   * Never trusted.
   */
  timestamp?: number;
  deviceInfo?: DeviceInfo;
  /**
   * For how long nobody has touched the device.
   */
  idleMs?: number;
}
export interface HeartbeatAck {
  serverTime: number;
  cursor: string;
}
export interface CheckUsersPresence {
  /**
   * @maxItems 1000
   */
  userIds: string[];
  requestId?: string;
}
export interface GetUserPresence {
  userId: string;
  requestId?: string;
}
export interface SetUserStatus {
  status: Status;
  /**
   * At most 256 bytes of UTF-8, no control characters; returned as sent.
   */
  customMessage?: string;
  /**
   * When the choice ends by itself; not in the past.
   */
  expiresAt?: number;
}
export interface GetContacts {
  requestId?: string;
}
export interface RefreshToken {
  token: string;
}
export interface RefreshTokenAck {
  /**
   * Absent when the token does not expire.
   */
  expiresAt?: number;
}
export interface WatchUsers {
  userIds: string[];
}
export interface WatchUsersAck {
  watching: number;
}
export interface ErrorAck {
  error: {
    code: ErrorCode;
    message: string;
  };
}
/**
 * The presence of a user. `version` is absent for somebody who is no contact, and such a user looks the same whether existing or not (section 7).
 */
export interface PresenceStatus {
  userId: string;
  status: Status;
  /**
   * 0 when never seen, or not to be seen.
   */
  lastSeen: number;
  deviceCount: number;
  /**
   * Absent in bulk answers.
   */
  devices?: Device[];
  customMessage?: string;
  /**
   * Away because all devices are idle; absent unless true.
   */
  autoAway?: boolean;
  /**
   * Only grows for a user within a view; what is older than what is known is dropped.
   */
  version?: number;
  /**
   * True while the server answers from what it knows because Redis is away (section 9).
   */
  stale?: boolean;
  requestId?: string;
}
export interface BulkPresenceResponse {
  users: PresenceStatus[];
  timestamp: number;
  stale?: boolean;
  requestId?: string;
}
/**
 * One entry per contact or, when not `full`, per contact that changed since the cursor.
 */
export interface PresenceSnapshot {
  users: PresenceStatus[];
  full: boolean;
  cursor: string;
  timestamp: number;
  stale?: boolean;
  requestId?: string;
}
export interface PresenceBatch {
  users: PresenceStatus[];
  timestamp: number;
}
/**
 * A PresenceStatus with devices; the status may be `away` or `busy` if that was chosen.
 */
export interface UserOnline {
  userId: string;
  status: Status;
  lastSeen: number;
  deviceCount: number;
  devices: Device[];
  customMessage?: string;
  autoAway?: boolean;
  version: number;
}
export interface UserOffline {
  userId: string;
  status: "offline";
  lastSeen: number;
  offlineReason: OfflineReason;
  version: number;
}
export interface UserStatusChanged {
  userId: string;
  status: Status;
  customMessage?: string;
  timestamp: number;
  autoAway: boolean;
  version: number;
}
export interface UserDevicesChanged {
  userId: string;
  deviceCount: number;
  devices: Device[];
  lastSeen: number;
  version: number;
}
export interface ContactsChanged {
  added: PresenceStatus[];
  removed: string[];
}
export interface PresenceErrorEvent {
  code: ErrorCode;
  message: string;
  /**
   * The first 64 bytes of the refused event's name.
   */
  event: string;
  requestId?: string;
}
export interface TokenExpired {
  expiredAt: number;
  /**
   * When the device is disconnected unless it sends `refresh_token` before.
   */
  disconnectAt: number;
}

/** What the server emits, by event. */
export interface ServerEvents {
  /** To watchers: the visible status leaves `offline`. */
  user_online: UserOnline;
  /** To watchers: the visible status becomes `offline`. */
  user_offline: UserOffline;
  /** To watchers and the user's own devices: status or message changed without touching `offline` in the visible view. */
  user_status_changed: UserStatusChanged;
  /** To watchers and the user's other devices: number or kinds of devices changed while the user stayed visible. */
  user_devices_changed: UserDevicesChanged;
  /** To the user's own devices: contacts were added or removed. */
  contacts_changed: ContactsChanged;
  /** To the asker of `check_users_presence` or `get_user_presence` who wanted no acknowledgement. */
  presence_status_response: PresenceStatusResponse;
  /** To a device that connected with `snapshot` or `cursor`, and to the asker of `get_contacts` who wanted no acknowledgement. */
  presence_snapshot: PresenceSnapshot;
  /** To a device that sent `watch_users`: the newest state of users who are not on its screen (section 12). Not in the server yet. */
  presence_batch: PresenceBatch;
  /** To the asker who wanted no acknowledgement: an event was refused. */
  presence_error: PresenceErrorEvent;
  /** To the device whose token has expired (section 2). */
  token_expired: TokenExpired;
}

/** What the server takes, by event, and how it acknowledges it. */
export interface ClientEvents {
  /** The device is there, and for how long nobody touched it. Every 30 s (section 6). */
  user_heartbeat: { payload: Heartbeat; ack: HeartbeatAck };
  /** Asks for the presence of up to 1,000 users. */
  check_users_presence: { payload: CheckUsersPresence; ack: BulkPresenceResponse };
  /** Asks for the presence of one user. */
  get_user_presence: { payload: GetUserPresence; ack: PresenceStatus };
  /** The whole choice of status and message; what is left out is none. */
  set_user_status: { payload: SetUserStatus; ack: PresenceStatus };
  /** Asks for all contacts. */
  get_contacts: { payload: GetContacts; ack: PresenceSnapshot };
  /** A fresh token of the same user (section 2). */
  refresh_token: { payload: RefreshToken; ack: RefreshTokenAck };
  /** Which contacts are on the screen (section 12). Not in the server yet. */
  watch_users: { payload: WatchUsers; ack: WatchUsersAck };
}
