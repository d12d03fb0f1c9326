// 1. Background-aware presence system
import { AppState } from 'react-native';

class MobilePresenceManager {
    constructor(socket) {
        this.socket = socket;
        this.heartbeatInterval = null;
        this.appState = AppState.currentState;
        
        AppState.addEventListener('change', this.handleAppStateChange.bind(this));
    }
    
    handleAppStateChange(nextAppState) {
        if (this.appState.match(/inactive|background/) && nextAppState === 'active') {
            // App came to foreground - resume heartbeat
            this.startHeartbeat();
            this.socket.emit('user_heartbeat', {
                timestamp: Date.now(),
                deviceInfo: this.getDeviceInfo()
            });
        } else if (nextAppState.match(/inactive|background/)) {
            // App went to background - pause heartbeat  
            this.stopHeartbeat();
        }
        
        this.appState = nextAppState;
    }
    
    startHeartbeat() {
        if (this.heartbeatInterval) return;
        
        this.heartbeatInterval = setInterval(() => {
            if (this.appState === 'active') {
                this.socket.emit('user_heartbeat', {
                    timestamp: Date.now(),
                    deviceInfo: this.getDeviceInfo()
                });
            }
        }, 30000);
    }
    
    stopHeartbeat() {
        if (this.heartbeatInterval) {
            clearInterval(this.heartbeatInterval);
            this.heartbeatInterval = null;
        }
    }
    
    getDeviceInfo() {
        return {
            type: 'mobile',
            os: Platform.OS,
            version: Platform.Version
        };
    }
}

// 2. Presence-aware contact component
const ContactWithPresence = ({ contact, presence }) => {
    const getStatusIndicator = () => {
        switch (presence?.status) {
            case 'online':
                return <View style={[styles.statusDot, { backgroundColor: '#4CAF50' }]} />;
            case 'away':
                return <View style={[styles.statusDot, { backgroundColor: '#FF9800' }]} />;
            case 'busy':
                return <View style={[styles.statusDot, { backgroundColor: '#F44336' }]} />;
            default:
                return <View style={[styles.statusDot, { backgroundColor: '#9E9E9E' }]} />;
        }
    };
    
    return (
        <TouchableOpacity style={styles.contactItem}>
            <View style={styles.avatarContainer}>
                <Image source={{ uri: contact.avatar }} style={styles.avatar} />
                {getStatusIndicator()}
            </View>
            
            <View style={styles.contactInfo}>
                <Text style={styles.contactName}>{contact.name}</Text>
                <Text style={styles.presenceText}>
                    {presence?.status === 'online' ? 'Online' : 'Offline'}
                </Text>
            </View>
        </TouchableOpacity>
    );
};
