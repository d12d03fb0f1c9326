import { createPresence, type Presence, type PresenceOptions } from '@presenced/client';

import { appStateActivity, type AppStateLike } from './app_state.js';

/** What is used of React Native's `Platform`. */
export interface PlatformLike {
  readonly OS: string;
  readonly Version?: string | number;
}

/** Options of `createPresence`, and the two parts of React Native that it needs. */
export type MobilePresenceOptions = PresenceOptions & {
  /** `AppState` of react-native. */
  AppState: AppStateLike;
  /** `Platform` of react-native, for `deviceInfo`. */
  Platform?: PlatformLike;
};

const NAMES: Record<string, string> = { ios: 'iOS', android: 'Android', macos: 'macOS', windows: 'Windows' };

/** `createPresence` for a phone: follows `AppState`, and is a device of type `mobile`. */
export function createMobilePresence(options: MobilePresenceOptions): Presence {
  const { AppState, Platform, ...rest } = options;
  const os = Platform && [NAMES[Platform.OS] ?? Platform.OS, Platform.Version].filter(Boolean).join(' ');
  return createPresence({
    activity: appStateActivity(AppState),
    deviceInfo: { type: 'mobile', ...(os && { os }) },
    ...rest,
  });
}
