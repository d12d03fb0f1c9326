// Ends the process of a test file as soon as its tests have ended. Node.js may spin for ever in its
// own clean-up when lines of the test were frozen (a request that is never answered is waited for).
import { after } from 'node:test';

// Registered when all tests are done, so that it comes after the test runner's own listener.
after(() => process.on('exit', (code) => process.reallyExit(process.exitCode ?? code)));
